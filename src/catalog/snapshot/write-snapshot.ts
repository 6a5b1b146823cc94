import { nextTurn } from '../../base/next-turn.ts'
import type { Segments, SegmentWriter } from '../../segment/segments.ts'
import type { CodecName, Place } from '../../segment/types.ts'
import { CatalogError } from '../errors.ts'
import { everyKey, type KvPosition, type KvView } from '../kv/ordered-kv.ts'
import type { PageCodec } from './page-codec.ts'
import type { SnapshotToProve } from './prove-snapshot.ts'
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

export interface SnapshotTarget {
  readonly segments: Segments
  /** Null: pages are stored as they are. */
  readonly codec: PageCodec | null
  /** Asked before it is published, when it can be read; rejects when it must not be. */
  readonly prove: (snapshot: SnapshotToProve) => Promise<void>
}

/**
 * Writes all entries of a view as a snapshot and publishes it; durable when it resolves. Works in
 * small steps and lets the event loop run between them. The caller releases the view.
 *
 * @throws the signal's reason, SegmentError, CatalogError `corruption` from the view, also when it
 *   does not hold as many entries as it counts
 */
export async function writeSnapshot(
  { segments, codec, prove }: SnapshotTarget,
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
    const entryCount = await writePages({ writer, codec }, view, signal)
    const end = encodeEnd({ position, entryCount, nextSegmentId: segments.nextId })
    const rawSize = end.length
    append(writer, { kind: 'snapshotEnd', number: 0, codec: 'none', payload: end, rawSize })
    await writer.sync()
    await prove({ id: writer.id, position })
    await segments.publishSnapshot(writer)
    return { segment: writer.id, position, entryCount, size: writer.size }
  } catch (error) {
    writer.abandon()
    throw error
  }
}

async function writePages(
  { writer, codec }: { readonly writer: SegmentWriter; readonly codec: PageCodec | null },
  view: KvView,
  signal: AbortSignal,
): Promise<number> {
  const encoder = new PageEncoder(PAGE_SIZE)
  const order = new EntryOrder()
  let pageCount = 0
  const writePage = async () => {
    const page = await packed(encoder.page(), codec)
    append(writer, { kind: 'snapshotPage', number: pageCount++, ...page })
    await writer.write()
    encoder.reset()
  }
  for (const entry of view.range(everyKey)) {
    order.add(entry.key)
    if (!encoder.fits(entry)) await writePage()
    encoder.add(entry)
    if (order.count % STEP_COUNT !== 0) continue
    await nextTurn()
    signal.throwIfAborted()
  }
  if (!encoder.isEmpty) await writePage()
  order.requireCount(view.entryCount)
  return order.count
}

/** A damaged index may hide entries, or show them twice: then its walk and its count differ. */
class EntryOrder {
  #last: Buffer | null = null
  count = 0

  add(key: Buffer): void {
    if (this.#last !== null && Buffer.compare(this.#last, key) >= 0) {
      throw new CatalogError('corruption', 'keys of the index are not in order')
    }
    this.#last = key
    this.count += 1
  }

  requireCount(expected: number): void {
    if (this.count === expected) return
    const message = `the index counts ${expected} entries and shows ${this.count}`
    throw new CatalogError('corruption', message)
  }
}

interface PackedPage {
  readonly codec: CodecName
  readonly payload: Buffer
  readonly rawSize: number
}

async function packed(raw: Buffer, codec: PageCodec | null): Promise<PackedPage> {
  const plain: PackedPage = { codec: 'none', payload: raw, rawSize: raw.length }
  if (codec === null) return plain
  const payload = await codec.compress(raw)
  return payload.length < raw.length ? { ...plain, codec: codec.name, payload } : plain
}

interface SnapshotRecord extends PackedPage {
  readonly kind: 'snapshotPage' | 'snapshotEnd'
  readonly number: number
}

function append(writer: SegmentWriter, record: SnapshotRecord): void {
  writer.append({ ...record, blob: NO_BLOB })
}
