import { describe, expect, it } from 'vitest'
import type { BackupTarget } from '../../src/maintenance/backup/backup-target.ts'

type Test = (target: BackupTarget) => Promise<void>

/** What every BackupTarget promises; `use` lends a fresh one to one test. */
export function backupTargetContract(name: string, use: (test: Test) => Promise<void>): void {
  const check = (behaviour: string, test: Test) => it(behaviour, () => use(test))
  describe(`${name} keeps the contract of backup targets`, () => {
    check('reads back what was written, any part of it', async (target) => {
      const bytes = Buffer.from('hello wide world')
      await target.write('files/ab', bytes.length, pieces(bytes.subarray(0, 5), bytes.subarray(5)))
      expect(await target.sizeOf('files/ab')).toBe(16)
      expect(String(await target.read('files/ab', { start: 0, end: 16 }))).toBe('hello wide world')
      expect(String(await target.read('files/ab', { start: 6, end: 10 }))).toBe('wide')
      expect(await target.read('files/ab', { start: 3, end: 3 })).toHaveLength(0)
    })

    check('keeps what is larger than one request', async (target) => {
      const part = Buffer.alloc(4 * 1024 * 1024, 'varve')
      const all = Buffer.concat([part, part, part, part, part, Buffer.from('end')])
      const size = all.length
      await target.write(
        'files/large',
        size,
        pieces(part, part, part, part, part, Buffer.from('end')),
      )
      expect(await target.sizeOf('files/large')).toBe(size)
      const found = await target.read('files/large', { start: 1_000_000, end: size })
      expect(found.equals(all.subarray(1_000_000))).toBe(true)
    })

    check('holds nothing of a write that fails', async (target) => {
      async function* failing() {
        yield Buffer.alloc(20 * 1024 * 1024)
        throw new Error('the source fails')
      }
      await expect(target.write('files/ab', 40_000_000, failing())).rejects.toThrow(
        'the source fails',
      )
      expect(await target.sizeOf('files/ab')).toBeNull()
      expect(await target.list('files')).toEqual([])
    })

    check('replaces, lists by folder, and removes', async (target) => {
      for (const name of ['files/b', 'files/a', 'manifests/c']) {
        await target.write(name, 3, pieces(Buffer.from('one')))
      }
      await target.write('files/a', 5, pieces(Buffer.from('other')))
      expect(await target.list('files')).toEqual(['a', 'b'])
      expect(await target.list('nothing')).toEqual([])
      expect(String(await target.read('files/a', { start: 0, end: 5 }))).toBe('other')
      await target.remove('files/a')
      await target.remove('files/a')
      expect(await target.sizeOf('files/a')).toBeNull()
      expect(await target.list('files')).toEqual(['b'])
    })
  })
}

async function* pieces(...all: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* all
}
