/** Whether the index, brought to the end of the journal, holds what the journal says. */
import type { Entry } from '../../catalog/catalog.ts'
import { MemoryKv } from '../../catalog/kv/memory-kv.ts'
import { everyKey } from '../../catalog/kv/ordered-kv.ts'
import type { FindingList } from '../findings.ts'
import type { IndexReading, StoreGround } from '../store-ground.ts'
import { type HeldStore, openView, type StoreView } from '../view/store-view.ts'

const COPY_COUNT = 10_000

/** Resolves with whether there was an index to look at. */
export async function checkIndex(
  {
    ground,
    held,
    view,
  }: {
    readonly ground: StoreGround
    readonly held: HeldStore
    readonly view: StoreView
  },
  findings: FindingList,
): Promise<boolean> {
  const index = await ground.readIndex(held.storeId)
  if (index === null) return false
  await using reading = index
  if (isAtEnd(reading, view)) {
    // Most often: nothing has to be replayed, and so nothing copied.
    comparing(findings, () => compare(reading.range(everyKey), rowsOf(view), findings))
    return true
  }
  const copy = await copyOfIndex(reading, findings)
  if (copy === null) return true
  await using recovered = await openView(ground, held, copy)
  for (const event of recovered.events) {
    if (event.event !== 'rebuildStarted') continue
    findings.damage('index', 'index', `is not one of this journal: ${event.reason}`)
    return true
  }
  compare(recovered.catalog.range(everyKey), rowsOf(view), findings)
  return true
}

/** Whether the index has applied the very last commit of the journal. */
function isAtEnd({ position }: IndexReading, { catalog, segments }: StoreView): boolean {
  if (position === null || position.sequence !== catalog.sequence) return false
  const last = segments.list('journal').find(({ id }) => id === position.segment)
  const end = last?.end
  if (end === null || end === undefined) return false
  return end.sequence === position.sequence + 1 && Buffer.compare(end.chain, position.chain) === 0
}

function rowsOf({ catalog }: StoreView): Iterable<Entry> {
  return catalog.range(everyKey)
}

/** A row that cannot be read is damage, and not a failure of the check. */
function comparing(findings: FindingList, run: () => void): void {
  try {
    run()
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    findings.damage('index', 'index', what)
  }
}

/** In memory; null when it cannot be read, or was never finished. */
export async function copyOfIndex(
  index: IndexReading,
  findings: FindingList,
): Promise<MemoryKv | null> {
  const copy = new MemoryKv()
  if (index.position === null) return null
  try {
    let batch: Entry[] = []
    for (const { key, value } of index.range(everyKey)) {
      batch.push({ key: Buffer.from(key), value: Buffer.from(value) })
      if (batch.length < COPY_COUNT) continue
      await copy.apply(batch, null)
      batch = []
    }
    await copy.apply(batch, index.position)
    return copy
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    findings.damage('index', 'index', what)
    return null
  }
}

function compare(index: Iterable<Entry>, journal: Iterable<Entry>, findings: FindingList): void {
  const left = index[Symbol.iterator]()
  const right = journal[Symbol.iterator]()
  let [one, other] = [left.next(), right.next()]
  const damage = (key: Buffer, what: string) => {
    findings.damage('index', `row ${key.toString('latin1', 0, 1)} ${key.toString('hex', 1)}`, what)
  }
  while (one.done !== true || other.done !== true) {
    const order = orderOf(one, other)
    if (order < 0 && one.done !== true) damage(one.value.key, 'is in the index alone')
    if (order > 0 && other.done !== true) damage(other.value.key, 'is not in the index')
    if (order === 0 && one.done !== true && other.done !== true) {
      if (!one.value.value.equals(other.value.value)) {
        damage(one.value.key, 'differs between index and journal')
      }
    }
    if (order <= 0) one = left.next()
    if (order >= 0) other = right.next()
  }
}

function orderOf(one: IteratorResult<Entry>, other: IteratorResult<Entry>): number {
  if (one.done === true) return 1
  if (other.done === true) return -1
  return Buffer.compare(one.value.key, other.value.key)
}
