import { expect, it } from 'vitest'
import { journalOrder } from '../../../src/catalog/journal/journal-order.ts'
import { type Fault, MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { LastingKv, openBed, put, rowsOf, until } from '../catalog-bed.ts'

it('a segment that is not on the disk yet cuts nothing off', async () => {
  const fs = new MemoryFileSystem()
  const kv = new LastingKv()
  const bed = await openBed(fs, { kv: kv.open(), options: { segmentSizeMax: 400 } })
  await bed.catalog.commit({ puts: [put('a', '1')] })
  let goOn: (fault: Fault | null) => void = () => {}
  const held = new Promise<Fault | null>((resolve) => {
    goOn = resolve
  })
  fs.intercept(({ operation }) => (operation === 'sync' ? held : null))
  // The first fills its segment; the second waits for it, in a segment of its own.
  const commits = [bed.catalog.commit({ puts: [put('b', 'x'.repeat(400))] })]
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  commits.push(bed.catalog.commit({ puts: [put('c', '1')] }))
  const journal = bed.segments.list('journal')
  expect(journal.map(({ dataSize }) => dataSize > 0)).toEqual([true, false])
  expect(journalOrder(bed.segments).map(({ info }) => info.id)).toEqual([journal[0]?.id])

  const aborting = new AbortController()
  const feed = bed.catalog.feed(0, aborting.signal)[Symbol.asyncIterator]()
  expect((await feed.next()).value).toMatchObject({ sequence: 1 })
  fs.intercept(null)
  goOn(null)
  await Promise.all(commits)
  expect((await feed.next()).value).toMatchObject({ sequence: 2 })
  aborting.abort()
  await until(() => rowsOf(bed.catalog).length === 3)
  await bed[Symbol.asyncDispose]()
})
