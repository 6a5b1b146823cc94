/** Makes everything that follows from other rows follow from them again. */
import { counterValue } from '../../catalog/catalog.ts'
import {
  decodeBucket,
  decodeNextBucket,
  encodeBucket,
  encodeNextBucket,
} from '../../store/rows/bucket-row.ts'
import {
  bucketKey,
  counterKey,
  nextBucketKey,
  partChangeKey,
  referenceKey,
  removedBucketKey,
  spaces,
  type UsageName,
  uploadIdOfUpload,
  usageNames,
} from '../../store/rows/keys.ts'
import { isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject, markedShared } from '../../store/rows/object-row.ts'
import { BlobTable } from '../check/blob-table.ts'
import { contextOf } from '../check/check-rows.ts'
import { FindingList } from '../findings.ts'
import type { RepairContext } from './repair-context.ts'
import { restoreStacks } from './restore-stacks.ts'

/** After every row that says what is stored is as it shall be. */
export async function recount(context: RepairContext, region: string): Promise<void> {
  await restoreBuckets(context, region)
  await restoreStacks(context)
  await countReferences(context)
  await dropLosePages(context)
  await countParts(context)
  await countUsage(context)
}

/** What lies in a bucket that is not there gets one of a name made up. */
async function restoreBuckets(context: RepairContext, region: string): Promise<void> {
  const { draft, clock, actions } = context
  const there = new Set<number>()
  for (const { value } of draft.rows(spaces.bucket)) there.add(decodeBucket(value).id)
  const ids = new Set(there)
  const withHistory = new Set<number>()
  for (const space of [spaces.object, spaces.history, spaces.upload]) {
    for (const { key } of draft.rows(space)) {
      const id = key.readUInt32BE(1)
      const isRemoved = draft.get(removedBucketKey(id)) !== null && space === spaces.upload
      if (!isRemoved) ids.add(id)
      if (space === spaces.history) withHistory.add(id)
    }
  }
  for (const id of ids) {
    if (there.has(id)) continue
    const name = `recovered-${id}`
    const createdAt = clock.now()
    const versioning = withHistory.has(id) ? 'enabled' : 'unversioned'
    const fields = { id, createdAt, region, versioning } as const
    await draft.set(bucketKey(name), encodeBucket(fields))
    const why = 'objects are in a bucket whose row is lost, and so is its name'
    actions.push({ action: 'mended', what: `bucket ${name}`, why })
  }
  const next = readableNext(context)
  const max = Math.max(0, ...ids)
  if (max >= next) await draft.set(nextBucketKey, encodeNextBucket(max + 1))
}

function readableNext({ draft }: RepairContext): number {
  try {
    return decodeNextBucket(draft.get(nextBucketKey))
  } catch {
    return 0
  }
}

/** Bodies of more than one version are marked, and counted. */
async function countReferences({ draft, actions }: RepairContext): Promise<void> {
  const bodies = new Map<string, Buffer[]>()
  for (const space of [spaces.object, spaces.history]) {
    for (const { key, value } of draft.rows(space)) {
      if (isMarker(value)) continue
      const { bodyId } = decodeObject(value)
      if (bodyId === null) continue
      const row = referenceKey(bodyId).toString('latin1')
      bodies.set(row, [...(bodies.get(row) ?? []), key])
    }
  }
  for (const { key } of draft.rows(spaces.reference)) {
    if (!bodies.has(key.toString('latin1'))) await draft.set(key, null)
  }
  for (const [text, keys] of bodies) {
    const row = Buffer.from(text, 'latin1')
    let shared = 0
    for (const key of keys) {
      const value = draft.get(key)
      if (value === null) continue
      const marked = markedShared(value)
      if (marked === null) shared += 1
      else if (keys.length > 1) {
        await draft.set(key, marked)
        shared += 1
      }
    }
    if (counterValue(draft.get(row)) === shared) continue
    await draft.setCounter(row, shared)
    actions.push({
      action: 'mended',
      what: `body ${text.slice(1)}`,
      why: 'who shares it was wrong',
    })
  }
}

/** Pages of parts that no object names any more. */
async function dropLosePages({ draft }: RepairContext): Promise<void> {
  const bodies = new Set<string>()
  for (const space of [spaces.object, spaces.history]) {
    for (const { value } of draft.rows(space)) {
      if (isMarker(value)) continue
      const { bodyId, hasPartList } = decodeObject(value)
      if (bodyId !== null && hasPartList) bodies.add(referenceKey(bodyId).toString('hex', 1))
    }
  }
  for (const { key } of draft.rows(spaces.partList)) {
    if (!bodies.has(key.toString('hex', 1, 9))) await draft.set(key, null)
  }
}

/** Parts belong to an upload, whose counter has counted them all. */
async function countParts({ draft, actions }: RepairContext): Promise<void> {
  const uploads = new Map<string, number>()
  for (const { key } of draft.rows(spaces.upload)) {
    uploads.set(uploadIdOfUpload(key).toString('hex'), 0)
  }
  for (const { key } of draft.rows(spaces.part)) {
    const id = key.toString('hex', 1, 17)
    const count = uploads.get(id)
    if (count !== undefined) uploads.set(id, count + 1)
    else {
      await draft.set(key, null)
      actions.push({ action: 'dropped', what: `a part of upload ${id}`, why: 'it is not there' })
    }
  }
  for (const { key } of draft.rows(spaces.partChange)) {
    if (!uploads.has(key.toString('hex', 1))) await draft.set(key, null)
  }
  for (const [id, count] of uploads) {
    const row = partChangeKey(Buffer.from(id, 'hex'))
    if (counterValue(draft.get(row)) < count) await draft.setCounter(row, count)
  }
}

/** Counters are what a look at everything they count comes to. */
async function countUsage({ draft, family, actions }: RepairContext): Promise<void> {
  const parts = { catalog: draft, family, blobs: new BlobTable(), findings: new FindingList() }
  const { usage } = contextOf(parts)
  const names = new Map(Object.entries(usageNames).map(([name, byte]) => [byte as number, name]))
  for (const { key } of draft.rows(spaces.counter)) {
    const name = `${key.readUInt32BE(1)} ${names.get(key[5] ?? 0)}`
    if (!usage.has(name)) usage.set(name, 0)
  }
  for (const [name, sum] of usage) {
    const [bucketId = '', counter = ''] = name.split(' ')
    const row = counterKey(Number(bucketId), counter as UsageName)
    const before = counterValue(draft.get(row))
    if (before === sum) continue
    await draft.setCounter(row, sum)
    const what = `the counter of ${counter} of bucket ${bucketId}`
    actions.push({ action: 'mended', what, why: `it was ${before}, the sum is ${sum}` })
  }
}
