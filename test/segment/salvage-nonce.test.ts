import { crc32c } from '@node-rs/crc32'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { salvageNonce, seedOf } from '../../src/segment/salvage-nonce.ts'
import { appendAll, flip, openSegments, overwrite } from './fixture.ts'

const path = '/data/hot/00000001.seg'

async function segmentOf(contents: readonly string[]): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem()
  const segments = await openSegments(fs)
  const writer = segments.createWriter({ kind: 'data' })
  appendAll(writer, contents)
  await writer.sync()
  await segments[Symbol.asyncDispose]()
  return fs
}

async function salvage(fs: MemoryFileSystem): Promise<number | null> {
  await using handle = await fs.open(path, 'read')
  return await salvageNonce(handle, 1)
}

async function nonceOf(fs: MemoryFileSystem): Promise<number> {
  await using handle = await fs.open(path, 'read')
  const bytes = Buffer.alloc(4)
  await handle.read(bytes, 32)
  return bytes.readUInt32LE(0)
}

describe('salvage of the nonce', () => {
  it('runs a CRC backwards', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(0xffffffff), (bytes, seed) => {
        expect(seedOf(bytes, crc32c(bytes, seed))).toBe(seed)
      }),
    )
  })

  it('reads the nonce where it is, when the damage is elsewhere', async () => {
    const fs = await segmentOf(['only one'])
    const nonce = await nonceOf(fs)
    await flip(fs, path, 70)
    expect(await salvage(fs)).toBe(nonce)
  })

  it('solves it from the records when it is gone', async () => {
    const fs = await segmentOf(['one', 'two'])
    const nonce = await nonceOf(fs)
    await overwrite(fs, path, { offset: 0, bytes: Buffer.alloc(128) })
    expect(await salvage(fs)).toBe(nonce)
  })

  it('does not guess', async () => {
    const single = await segmentOf(['no second record proves the first'])
    await flip(single, path, 32)
    expect(await salvage(single)).toBe(null)
    const torn = await segmentOf(['one', 'two'])
    await overwrite(torn, path, { offset: 0, bytes: Buffer.alloc(140) })
    expect(await salvage(torn)).toBe(null)
    const empty = new MemoryFileSystem()
    await empty.makeDirectory('/data/hot')
    await (await empty.open(path, 'create')).close()
    expect(await salvage(empty)).toBe(null)
  })
})
