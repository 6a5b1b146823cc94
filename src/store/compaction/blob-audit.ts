/**
 * Finds blobs that are neither named nor garbage, because the process that wrote them died before
 * their commit, and writes them down as garbage.
 *
 * Invariants: only blobs of an earlier process are looked at, against all rows as of one moment.
 * What nothing names then nothing will ever name: names come from a body just written, or from
 * another name. And where rows may have been lost, nothing is garbage for want of a row: what was
 * found of a damaged catalog is left alone for ever.
 */
import type { Catalog } from '../../catalog/catalog.ts'
import type { KvView } from '../../catalog/kv/ordered-kv.ts'
import { pause } from '../../engine/compaction/pace.ts'
import type { LineageEntry } from '../../engine/lookup/lineage.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { COMPACTION_LANE, type Place, recordSpan } from '../../segment/types.ts'
import { commit } from '../commit.ts'
import { markGarbage } from '../garbage.ts'
import { blobsNamedBy, namingSpaces } from '../named-blobs.ts'
import { decodeAudit, encodeAudit } from '../rows/audit-row.ts'
import { auditKey, blobOfGarbage, garbageRange, spaceRange } from '../rows/keys.ts'
import type { CompactionListener } from './events.ts'
import { SegmentFamily } from './segment-family.ts'

/** What an earlier process left, as it was before anything of it was sealed. */
export interface FoundSegments {
  /** Ids of data segments. */
  readonly ids: readonly number[]
  /** Whether that process ended without an order: then there may be such blobs. */
  readonly isCutShort: boolean
}

/** To be asked before the catalog and the engine are opened, for they seal what they find. */
export function takeStock(segments: Segments): FoundSegments {
  const data = segments.list('data')
  const isOpen = ({ state }: { readonly state: string }) => state !== 'sealed'
  const isCutShort = [...data, ...segments.list('journal')].some(isOpen)
  return { ids: data.map(({ id }) => id), isCutShort }
}

export interface BlobAuditParts {
  readonly catalog: Catalog & {
    /** All rows as of now. */
    view(): Promise<KvView>
  }
  readonly segments: Segments
  readonly found: FoundSegments
  /** Whether nothing was found damaged at this start that rows may have been lost with. */
  readonly isSound: () => boolean
  /** What `settleSegments` has found. */
  readonly lineage: Iterable<LineageEntry>
  readonly listener?: CompactionListener
}

/** Rows or records looked at before others get their turn. */
const STEP_COUNT = 500
/** Blobs written down in one commit. */
const MARK_COUNT = 200

/** One look for such blobs, in the background. */
export class BlobAudit {
  readonly #parts: BlobAuditParts
  #isDone = false

  constructor(parts: BlobAuditParts) {
    this.#parts = parts
  }

  /**
   * Looks once, if there is reason to. Always resolves with false: nothing more is to be done.
   *
   * @throws the signal's reason, once aborted; it is begun anew at the next start
   */
  async step(signal: AbortSignal): Promise<boolean> {
    if (this.#isDone) return false
    this.#isDone = true
    try {
      await this.#run(signal)
    } catch (cause) {
      if (signal.aborted) throw cause
      this.#parts.listener?.({ event: 'compaction-failed', cause })
    }
    return false
  }

  async close(): Promise<void> {}

  async #run(signal: AbortSignal): Promise<void> {
    const { catalog, found, isSound } = this.#parts
    const before = decodeAudit(catalog.get(auditKey))
    if (!found.isCutShort && !before.isDue && isSound()) return
    const suspects = this.#suspects(before.auditedBelow)
    if (suspects.length > 0 && isSound()) {
      // Should this process end in order before it is done, the next one knows all the same.
      await this.#note({ ...before, isDue: true })
      const known = await this.#knownIn(new Set(suspects), signal)
      for (const suspect of suspects) await this.#markUnknown(suspect, known, signal)
    }
    const auditedBelow = Math.max(before.auditedBelow, ...found.ids.map((id) => id + 1))
    if (before.isDue || auditedBelow !== before.auditedBelow) {
      await this.#note({ auditedBelow, isDue: false })
    }
  }

  /** Sealed segments that hold what an earlier process wrote since the last audit. */
  #suspects(auditedBelow: number): readonly number[] {
    const { segments, found, lineage } = this.#parts
    const family = new SegmentFamily(lineage)
    const unaudited = new Set(found.ids.filter((id) => id >= auditedBelow))
    const isSuspect = ({ id, state, lane }: SegmentInfo) =>
      state === 'sealed' &&
      unaudited.has(id) &&
      !family.isReplaced(id) &&
      // One that no row speaks of was kept because it may hold the only copy.
      (lane !== COMPACTION_LANE || family.isSuccessor(id))
    return segments
      .list('data')
      .filter(isSuspect)
      .map(({ id }) => id)
  }

  /** Blobs that are named and may lie in one of these segments, and what is garbage in each. */
  async #knownIn(suspects: ReadonlySet<number>, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const family = new SegmentFamily(this.#parts.lineage)
    const known = new Set<string>()
    const view = await this.#parts.catalog.view()
    try {
      let count = 0
      for (const space of namingSpaces) {
        for (const { key, value } of view.range(spaceRange(space))) {
          for (const { blob, extents } of blobsNamedBy(key, value)) {
            const isThere = extents.some(({ segment }) =>
              family.heirs(segment).some((heir) => suspects.has(heir)),
            )
            if (isThere) known.add(nameOf(blob))
          }
          if (++count % STEP_COUNT === 0) await pause(0, signal)
        }
      }
      for (const suspect of suspects) {
        for (const id of family.withAncestors(suspect)) {
          // Of a blob in several segments, some may have been written down before a crash.
          for (const { key } of view.range(garbageRange(id))) {
            known.add(nameIn(suspect, blobOfGarbage(key)))
          }
        }
        await pause(0, signal)
      }
      return known
    } finally {
      view.release()
    }
  }

  async #markUnknown(
    segment: number,
    known: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { segments, catalog, listener } = this.#parts
    const unknown = new Map<string, { readonly blob: Place; storedSize: number }>()
    let count = 0
    for await (const step of segments.scan(segment)) {
      if (step.step !== 'record') continue
      if (++count % STEP_COUNT === 0) await pause(0, signal)
      const { blob, number, place, storedSize } = step.header
      // A hole that a power loss tore is not in the index, and nobody counts it.
      const { place: indexed } = await segments.find(segment, { blob, number })
      const isKnown = known.has(nameOf(blob)) || known.has(nameIn(segment, blob))
      if (isKnown || indexed?.offset !== place.offset) continue
      const entry = unknown.get(nameOf(blob)) ?? { blob, storedSize: 0 }
      entry.storedSize += recordSpan(storedSize)
      unknown.set(nameOf(blob), entry)
    }
    const blobs = [...unknown.values()]
    for (let start = 0; start < blobs.length; start += MARK_COUNT) {
      signal.throwIfAborted()
      await commit(catalog, (change) => {
        change.freesSpace()
        for (const { blob, storedSize } of blobs.slice(start, start + MARK_COUNT)) {
          markGarbage(change, { blob, extents: [{ segment, storedSize }] })
        }
      })
    }
    const size = blobs.reduce((sum, { storedSize }) => sum + storedSize, 0)
    if (size > 0) listener?.({ event: 'unnamed-blobs', segment, blobCount: blobs.length, size })
  }

  async #note(fields: { readonly auditedBelow: number; readonly isDue: boolean }): Promise<void> {
    await this.#parts.catalog.commit({ puts: [{ key: auditKey, value: encodeAudit(fields) }] })
  }
}

/** What a blob has in one segment. */
function nameIn(segment: number, blob: Place): string {
  return `${segment}/${nameOf(blob)}`
}

function nameOf({ segment, offset }: Place): string {
  return `${segment}:${offset}`
}
