import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { openSegments, readWhole } from '../segment/fixture.ts'

const path = '/data/hot/00000001.seg'
const golden = new URL('./data-segment.hex', import.meta.url)
const signal = new AbortController().signal
const options = { chunkSizeMax: 64, laneCount: 1, codec: 'none' } as const

const blobs = [
  'varve',
  'a layer of sediment laid down once a year and never disturbed; so is its data',
]

async function* once(text: string) {
  yield Buffer.from(text)
}

/** Offsets and bytes, 16 a line, as `hexdump -C` shows them; `#` begins a remark. */
async function readHexdump(): Promise<Buffer> {
  const text = await readFile(golden, 'utf8')
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').replace(/^[0-9a-f]{8}/, ''))
  return Buffer.from(lines.join('').replace(/\s/g, ''), 'hex')
}

describe('golden data segment', () => {
  it('is written byte for byte as docs/format.md says', async () => {
    const fs = new MemoryFileSystem()
    const segments = await openSegments(fs)
    const engine = await BlobEngine.open({ segments, options })
    for (const blob of blobs) {
      await engine.append(once(blob), { label: Buffer.from('label'), signal })
    }
    await engine[Symbol.asyncDispose]()
    expect((await readWhole(fs, path)).toString('hex')).toBe((await readHexdump()).toString('hex'))
  })

  it('is read by every version to come', async () => {
    const fs = new MemoryFileSystem()
    await fs.makeDirectory('/data/hot')
    await using handle = await fs.open(path, 'create')
    await handle.write([await readHexdump()], 0)
    const segments = await openSegments(fs, { seed: 2 })
    const engine = await BlobEngine.open({ segments, options })
    const single = {
      blob: { segment: 1, offset: 128 },
      place: { segment: 1, offset: 128 },
      size: 5,
      chunkCount: 1,
      extents: [{ segment: 1, storedSize: 152 }],
    }
    expect((await engine.readSmall(single, { start: 0, end: 5 })).toString()).toBe(blobs[0])
    const many = {
      blob: { segment: 1, offset: 280 },
      place: { segment: 1, offset: 456 },
      size: 77,
      chunkCount: 2,
      extents: [{ segment: 1, storedSize: 280 }],
    }
    const parts: Uint8Array[] = []
    for await (const part of engine.read(many, { start: 0, end: 77 }, signal)) parts.push(part)
    expect(Buffer.concat(parts).toString()).toBe(blobs[1])
    expect(segments.findings).toEqual([])
  })
})
