/**
 * What must hold between the rows of the store (docs/rows.md#rules-that-hold-between-rows), looked
 * at one by one. Fills the table of blobs with what rows name and what they call garbage.
 */
import { counterValue } from '../../catalog/catalog.ts'
import { decodeJournalStart, journalStartKey } from '../../catalog/journal/journal-start.ts'
import { garbageTotals } from '../../store/garbage-total.ts'
import { decodeBucketConfig } from '../../store/rows/bucket-config-row.ts'
import { decodeBucket, decodeNextBucket } from '../../store/rows/bucket-row.ts'
import { decodeGarbage } from '../../store/rows/garbage-row.ts'
import {
  blobOfGarbage,
  bucketIdOfConfig,
  bucketIdOfRemoved,
  bucketOfKey,
  garbageTotalsKept,
  kindOfConfig,
  nextBucketKey,
  segmentOfGarbage,
  spaces,
  usageNames,
} from '../../store/rows/keys.ts'
import { checkObjects } from './check-objects.ts'
import { checkUploads } from './check-uploads.ts'
import { keyName, placeName, type RowCheckParts, RowContext } from './row-context.ts'

export interface RowSums {
  readonly buckets: number
  readonly objects: number
  readonly olderVersions: number
  readonly uploads: number
  /** Raw bytes of all versions of all objects. */
  readonly bytes: number
}

export function checkRows(parts: RowCheckParts): RowSums {
  return contextOf(parts).sums
}

/** All rows looked at; what they add up to is in the context. */
export function contextOf(parts: RowCheckParts): RowContext {
  const context = new RowContext(parts)
  checkSpaces(context)
  checkBuckets(context)
  checkObjects(context)
  checkUploads(context)
  checkUsage(context)
  checkGarbage(context)
  return context
}

/** A row that no space explains is none of this version, or none at all. */
function checkSpaces(context: RowContext): void {
  context.decoding(journalStartKey, () => decodeJournalStart(context.catalog.get(journalStartKey)))
  const known = new Set<number>(Object.values(spaces))
  for (let space = 1; space < 0xff; space++) {
    if (known.has(space)) continue
    for (const { key } of context.rows(space)) {
      context.damage('row', keyName(key), 'belongs to no space of this version')
    }
  }
}

function checkBuckets(context: RowContext): void {
  let nextId = 1
  context.decoding(nextBucketKey, () => {
    nextId = decodeNextBucket(context.catalog.get(nextBucketKey))
  })
  context.eachRow(spaces.bucket, ({ key, value }) => {
    const { id } = decodeBucket(value)
    const name = bucketOfKey(key)
    context.sums.buckets += 1
    if (context.buckets.has(id)) context.damage('row', name, `bucket id ${id} is used twice`)
    if (id >= nextId) context.damage('row', name, `bucket id ${id} would be given out again`)
    context.buckets.set(id, name)
  })
  for (const { key } of context.rows(spaces.removedBucket)) {
    const name = context.buckets.get(bucketIdOfRemoved(key))
    if (name !== undefined) context.damage('row', name, 'is there, and noted as removed')
  }
  context.eachRow(spaces.bucketConfig, ({ key, value }) => {
    const kind = kindOfConfig(key)
    if (kind === null) context.damage('row', keyName(key), 'a configuration of no known kind')
    else decodeBucketConfig(kind, value)
    if (context.buckets.has(bucketIdOfConfig(key))) return
    context.damage('row', keyName(key), 'the configuration of a bucket that is not there')
  })
}

/** Counters are the sums over what they count. */
function checkUsage(context: RowContext): void {
  const names = new Map(Object.entries(usageNames).map(([name, byte]) => [byte as number, name]))
  const stored = new Map<string, number>()
  for (const { key, value } of context.rows(spaces.counter)) {
    const name = names.get(key[5] ?? 0)
    if (name !== undefined) stored.set(`${key.readUInt32BE(1)} ${name}`, counterValue(value))
  }
  for (const name of new Set([...stored.keys(), ...context.usage.keys()])) {
    const [counter, sum] = [stored.get(name) ?? 0, context.usage.get(name) ?? 0]
    if (counter === sum) continue
    const [bucketId = '', usage = ''] = name.split(' ')
    const where = context.bucketName(Number(bucketId))
    context.damage('counter', where, `the counter of ${usage} is ${counter}, the sum ${sum}`)
  }
}

/** Garbage is named by nothing else, and its totals are the sums of its rows. */
function checkGarbage(context: RowContext): void {
  const totals = new Map<number, number>()
  context.eachRow(spaces.garbage, ({ key, value }) => {
    const blob = blobOfGarbage(key)
    const entry = context.blobs.entry(blob)
    if (entry.named === null) entry.owner = 'garbage'
    else {
      const what = `is garbage, and named by ${entry.owner}`
      context.damage('row', `blob ${placeName(blob)}`, what)
    }
    const segment = segmentOfGarbage(key)
    const size = decodeGarbage(value)
    context.expect(blob, { segment, size })
    totals.set(segment, (totals.get(segment) ?? 0) + size)
  })
  if (context.catalog.get(garbageTotalsKept) === null) return
  for (const { segment, storedSize } of garbageTotals(context.catalog)) {
    const sum = totals.get(segment) ?? 0
    totals.delete(segment)
    if (sum === storedSize) continue
    const what = `its garbage is counted as ${storedSize} bytes, the sum is ${sum}`
    context.damage('counter', `segment ${segment}`, what)
  }
  for (const [segment, sum] of totals) {
    if (sum > 0) context.damage('counter', `segment ${segment}`, `${sum} dead bytes not counted`)
  }
}
