import { beforeAll, describe, expect, it } from 'vitest'
import { inspectJournal } from '../../../src/maintenance/inspect/inspect-journal.ts'
import { inspectObject } from '../../../src/maintenance/inspect/inspect-object.ts'
import { inspectSegmentFile } from '../../../src/maintenance/inspect/inspect-segment.ts'
import type { Item } from '../../../src/maintenance/inspect/plain.ts'
import { idOfName } from '../../../src/segment/segment-names.ts'
import type { Machine } from '../../simulation/machine.ts'
import { filesOf, flipBit, groundOf, makeBed, readBytes, type StoreBed } from '../store-bed.ts'

async function all(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

function inspectFile({ fs }: Machine, path: string): Promise<Item[]> {
  const id = idOfName(path.slice(path.lastIndexOf('/') + 1))
  return all(inspectSegmentFile({ fileSystem: fs, path, id, pageCodec: null }))
}

describe('inspect', () => {
  let bed: StoreBed

  beforeAll(async () => {
    bed = await makeBed('closed')
  })

  it('tells every byte of a segment file, and that it verifies', async () => {
    for (const path of await filesOf(bed.machine)) {
      const items = await inspectFile(bed.machine, path)
      expect(items.filter(({ damage }) => damage !== null)).toEqual([])
      expect(items[0]?.what).toBe('segment header')
      // One thing begins where the one before ends; the last ends with the file.
      let end = 128
      for (const { what, offset, fields } of items.slice(1)) {
        expect(offset, `${what} of ${path}`).toBe(end)
        const span = Math.ceil((48 + Number(fields['storedSize'])) / 8) * 8
        end += what === 'trailer' ? 32 : span
      }
      expect(end).toBe((await readBytes(bed.machine.fs, path)).length)
    }
  })

  it('tells what does not verify, wherever it is, and goes on', async () => {
    const path = (await filesOf(bed.machine)).find((file) => file.includes('/hot/'))!
    const size = (await readBytes(bed.machine.fs, path)).length
    for (let offset = 0; offset < size; offset += 97) {
      const copy = bed.machine.crash({ model: 'keep-all' })
      await flipBit(copy.fs, path, { offset, bit: offset % 8 })
      const items = await inspectFile(copy, path)
      const isPadding = items.every(({ damage }) => damage === null)
      if (isPadding) continue
      expect(items.at(-1)?.what).toMatch(/trailer|damage/)
    }
  })

  it('follows objects to records that verify', async () => {
    let count = 0
    for (const [bucket, { objects }] of bed.state) {
      for (const [key, { content }] of objects) {
        const items = await all(inspectObject(groundOf(bed.machine), { bucket, key }))
        expect(items.map(({ what }) => what).slice(0, 2)).toEqual(['bucket', 'object'])
        expect(items.filter(({ damage }) => damage !== null)).toEqual([])
        const chunks = items.filter(({ what }) => what === 'chunk')
        const size = chunks.reduce((sum, { fields }) => sum + Number(fields['rawSize']), 0)
        expect(size).toBe(content.length)
        count += 1
      }
    }
    expect(count).toBeGreaterThan(3)
    expect(await all(inspectObject(groundOf(bed.machine), { bucket: 'none', key: 'a' }))).toEqual(
      [],
    )
  })

  it('tells the commits of the journal in order, with rows that decode', async () => {
    const items = await all(inspectJournal(groundOf(bed.machine), { since: 1, until: 1e9 }))
    const sequences = items.map(({ fields }) => fields['sequence'])
    const first = Number(sequences[0])
    expect(sequences).toEqual(sequences.map((_, index) => first + index))
    expect(sequences.length).toBeGreaterThan(5)
    expect(JSON.stringify(items)).not.toMatch(/does not decode|"space":"unknown"/)
    expect(JSON.stringify(items)).toContain('"space":"object"')
    const range = { since: first + 2, until: first + 4 }
    const some = await all(inspectJournal(groundOf(bed.machine), range))
    expect(some.map(({ fields }) => fields['sequence'])).toEqual([first + 2, first + 3, first + 4])
  })
})
