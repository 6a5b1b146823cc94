import type { Segments, SegmentWriter } from '../../segment/segments.ts'
import type { Place } from '../../segment/types.ts'
import { everyKey, type KvPosition, type KvView } from '../kv/ordered-kv.ts'
import { encodeEnd, PageEncoder } from './snapshot-record.ts'

const PAGE_SIZE = 256 * 1024
/** Entries between two turns of the event loop: about a millisecond of reading and copying. */
const STEP_COUNT = 400
const NO_BLOB: Place = { segment: 0, offset: 0 }

export interface WrittenSnapshot {
  readonly segment: number
  readonly position: KvPosition
  readonly entryCount: number
  /** Of the file, in bytes. */
  readonly size: number
}

/**
 * Writes all entries of a view as a snapshot and publishes it; durable when it resolves. Works in
 * small steps and lets the event loop run between them. The caller releases the view.
 *
 * @throws the signal's reason, SegmentError, CatalogError `corruption` from the view
 */
export async function writeSnapshot(
  segments: Segments,
  view: KvView,
  signal: AbortSignal,
): Promise<WrittenSnapshot> {
  const { position } = view
  if (position === null) throw new Error('a view without a position has nothing to say')
  const writer = segments.createWriter({
    kind: 'snapshot',
    chain: () => ({
      previousSegment: 0,
      previousEnd: 0,
      firstSequence: position.sequence,
      chain: position.chain,
    }),
  })
  try {
    const entryCount = await writePages(writer, view, signal)
    const end = encodeEnd({ position, entryCount, nextSegmentId: segments.nextId })
    append(writer, { kind: 'snapshotEnd', number: 0, payload: end })
    await segments.publishSnapshot(writer)
    return { segment: writer.id, position, entryCount, size: writer.size }
  } catch (error) {
    writer.abandon()
    throw error
  }
}

async function writePages(
  writer: SegmentWriter,
  view: KvView,
  signal: AbortSignal,
): Promise<number> {
  const encoder = new PageEncoder(PAGE_SIZE)
  let pageCount = 0
  let entryCount = 0
  const writePage = async () => {
    append(writer, { kind: 'snapshotPage', number: pageCount++, payload: encoder.page() })
    await writer.write()
    encoder.reset()
  }
  for (const entry of view.range(everyKey)) {
    if (!encoder.fits(entry)) await writePage()
    encoder.add(entry)
    if (++entryCount % STEP_COUNT !== 0) continue
    await nextTurn()
    signal.throwIfAborted()
  }
  if (!encoder.isEmpty) await writePage()
  return entryCount
}

interface SnapshotRecord {
  readonly kind: 'snapshotPage' | 'snapshotEnd'
  readonly number: number
  readonly payload: Buffer
}

function append(writer: SegmentWriter, record: SnapshotRecord): void {
  writer.append({ ...record, codec: 'none', blob: NO_BLOB, rawSize: record.payload.length })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
