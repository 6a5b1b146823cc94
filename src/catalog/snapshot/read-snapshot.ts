import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { CatalogError } from '../errors.ts'
import type { CatalogListener } from '../events.ts'
import type { KvWrite, OrderedKv } from '../kv/ordered-kv.ts'
import type { PageCodec } from './page-codec.ts'
import { rawPage } from './raw-page.ts'
import { decodeEnd, decodePage, type SnapshotEnd } from './snapshot-record.ts'

export interface SnapshotSource {
  readonly segments: Segments
  readonly listener: CatalogListener
  /** Of compressed pages; a snapshot that has such does not verify without it. */
  readonly codec: PageCodec | null
  /** Rows given to the index in one transaction. */
  readonly flushRowCount: number
  readonly signal?: AbortSignal
}

export interface LoadedSnapshot {
  readonly info: SegmentInfo
  readonly end: SnapshotEnd
}

/** Published snapshots, newest first. */
export function listSnapshots(segments: Segments): readonly SegmentInfo[] {
  return [...segments.list('snapshot')].sort(
    (left, right) => right.header.firstSequence - left.header.firstSequence,
  )
}

/** What the end of a snapshot says, or null when the file does not verify. Reads the whole file. */
export async function verifySnapshot(
  segments: Segments,
  info: SegmentInfo,
  codec: PageCodec | null,
): Promise<SnapshotEnd | null> {
  try {
    return await walk({ segments, codec }, info, async () => {})
  } catch {
    return null
  }
}

/**
 * Fills an index from the newest snapshot that verifies. The index has its position afterwards;
 * with no such snapshot it is left empty. Each snapshot is read twice: an index is never filled
 * from one that turns out damaged.
 */
export async function loadSnapshot(
  { segments, codec, listener, flushRowCount, signal }: SnapshotSource,
  kv: OrderedKv,
): Promise<LoadedSnapshot | null> {
  for (const info of listSnapshots(segments)) {
    signal?.throwIfAborted()
    if ((await verifySnapshot(segments, info, codec)) === null) {
      listener({ event: 'snapshotRefused', segment: info.id, field: 'snapshot' })
      continue
    }
    let batch: KvWrite[] = []
    const end = await walk({ segments, codec }, info, async (writes) => {
      for (const write of writes) batch.push(write)
      if (batch.length < flushRowCount) return
      signal?.throwIfAborted()
      await kv.apply(batch, null)
      batch = []
    })
    await kv.apply(batch, end.position)
    return { info, end }
  }
  return null
}

/** @throws CatalogError `corruption` when anything is not as it was written */
async function walk(
  { segments, codec }: Pick<SnapshotSource, 'segments' | 'codec'>,
  info: SegmentInfo,
  visit: (writes: readonly KvWrite[]) => Promise<void>,
): Promise<SnapshotEnd> {
  let pageCount = 0
  let entryCount = 0
  for await (const step of segments.scan(info.id, { payloads: true })) {
    if (step.step !== 'record' || step.payload === null) throw damaged(info)
    if (step.header.kind === 'snapshotEnd') {
      const end = decodeEnd(step.payload)
      if (end.entryCount !== entryCount || !matches(end, info)) throw damaged(info)
      return end
    }
    if (step.header.kind !== 'snapshotPage' || step.header.number !== pageCount) throw damaged(info)
    const entries = decodePage(await rawPage(step.header, step.payload, codec))
    pageCount++
    entryCount += entries.length
    await visit(entries)
  }
  throw damaged(info)
}

function matches({ position }: SnapshotEnd, { header }: SegmentInfo): boolean {
  const { sequence, chain } = position
  return sequence === header.firstSequence && Buffer.compare(chain, header.chain) === 0
}

function damaged(info: SegmentInfo): CatalogError {
  return new CatalogError('corruption', `snapshot ${info.id} does not verify`)
}
