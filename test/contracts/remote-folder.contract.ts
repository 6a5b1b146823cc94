import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RemoteFolder, RemoteSource } from '../../src/platform/remote/remote-folder.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'

export interface RemoteFixture {
  readonly folder: RemoteFolder
  close(): Promise<void>
}

const MIB = 1024 * 1024
const { signal } = new AbortController()

export function sourceOf(bytes: Buffer): RemoteSource {
  const read = async (target: Uint8Array, position: number) => {
    const piece = bytes.subarray(position, position + target.length)
    target.set(piece)
    return piece.length
  }
  return { size: bytes.length, read }
}

/** What every RemoteFolder promises. */
export function describeRemoteFolder(name: string, open: () => Promise<RemoteFixture>): void {
  describe(`remote folder contract: ${name}`, { timeout: 60_000 }, () => {
    let fixture: RemoteFixture
    let folder: RemoteFolder
    beforeEach(async () => {
      fixture = await open()
      folder = fixture.folder
    })
    afterEach(() => fixture.close())

    it.each([1, 100, 5 * MIB, 40 * MIB + 7])(
      'gives back %i bytes, whole and in parts',
      async (size) => {
        const bytes = new SeededRandom(size).bytes(size)
        await folder.put('a file.seg', sourceOf(bytes), signal)
        const whole = await folder.read('a file.seg', { start: 0, end: size })
        expect(whole?.equals(bytes)).toBe(true)
        const [start, end] = [Math.floor(size / 3), Math.floor(size / 3) + Math.min(1000, size)]
        const part = await folder.read('a file.seg', { start, end })
        expect(part?.equals(bytes.subarray(start, end))).toBe(true)
      },
    )

    it('gives fewer bytes at the end of a file, and none behind it', async () => {
      await folder.put('a', sourceOf(Buffer.from('0123456789')), signal)
      expect(String(await folder.read('a', { start: 7, end: 100 }))).toBe('789')
      expect(await folder.read('a', { start: 10, end: 20 })).toHaveLength(0)
    })

    it('knows what is not there, replaces, and removes', async () => {
      expect(await folder.read('a', { start: 0, end: 1 })).toBeNull()
      await folder.remove('a')
      await folder.put('a', sourceOf(Buffer.from('one')), signal)
      await folder.put('a', sourceOf(Buffer.from('three')), signal)
      expect(String(await folder.read('a', { start: 0, end: 10 }))).toBe('three')
      await folder.remove('a')
      expect(await folder.read('a', { start: 0, end: 1 })).toBeNull()
    })
  })
}
