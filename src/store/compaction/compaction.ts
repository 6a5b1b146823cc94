/**
 * Gives the space of dead blobs back, segment by segment, while the store is in use.
 *
 * Invariants: a file goes only after the commit that replaces it is durable, and the commit is made
 * only after the new file is sealed and synced; that one commit writes the lineage and deletes just
 * the garbage rows whose blobs were left out. A blob that dies meanwhile keeps its rows under the
 * old ids, and counts for the heir.
 */
import type { Add, Catalog, Put } from '../../catalog/catalog.ts'
import type { JournalRelease } from '../../catalog/journal-release.ts'
import { type ChoiceOptions, chooseSegments } from '../../engine/compaction/choose-segments.ts'
import { type Compacted, compact, DamagedSourceError } from '../../engine/compaction/compactor.ts'
import { Pace, pause } from '../../engine/compaction/pace.ts'
import { codecOfTier } from '../../engine/compression/choose.ts'
import type { LineageEntry } from '../../engine/lookup/lineage.ts'
import type { Clock } from '../../platform/clock.ts'
import { SEGMENT_HEADER_SIZE } from '../../segment/segment-header.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { type Place, type Tier, tiers } from '../../segment/types.ts'
import type { Readers } from '../readers.ts'
import { decodeGarbage } from '../rows/garbage-row.ts'
import { blobOfGarbage, garbageRange, garbageTotalKey, lineageKey } from '../rows/keys.ts'
import { encodeLineage } from '../rows/lineage-row.ts'
import type { CompactionListener } from './events.ts'
import { JournalCompaction, type JournalCompactionOptions } from './journal-compaction.ts'
import { SegmentFamily } from './segment-family.ts'
import { deadSizes, liveSizeOf, measureSpace, type SpaceUsage } from './segment-space.ts'

export interface CompactionParts {
  readonly catalog: Catalog
  readonly segments: Segments
  /** Of a catalog that keeps its journal in segments; without it they are left alone. */
  readonly journal?: JournalRelease
  /** Of those who read bodies through the store. */
  readonly readers: Readers
  readonly engine: CompactedEngine
  /** What `settleSegments` has found. */
  readonly lineage: Iterable<LineageEntry>
  readonly clock: Clock
  /** On the volume of the hot tier, in bytes; without it there is always enough. */
  readonly room?: { readonly freeSize: number }
  readonly options?: Partial<CompactionOptions>
  readonly listener?: CompactionListener
  /** Told of every replacement once it is durable; synchronous, must not throw. */
  readonly onReplaced?: (sources: readonly number[], output: number | null) => void
}

/** What compaction needs of the engine. */
export interface CompactedEngine {
  readonly isAppending: boolean
  addLineage(entries: Iterable<LineageEntry>): void
  /** Seals an active data segment soon, so that it can be compacted. */
  retire?(segment: number): void
}

export interface CompactionOptions extends JournalCompactionOptions {
  readonly deadRatioMin: number
  readonly ageMinMs: number
  /** 0: as fast as it goes. */
  readonly bytesPerSecond: number
  /** Dead bytes for which a data segment is sealed before it is full. */
  readonly laneDeadSizeMin: number
}

const MIB = 1024 * 1024
const defaults: CompactionOptions = {
  deadRatioMin: 0.3,
  ageMinMs: 60_000,
  bytesPerSecond: 64 * MIB,
  segmentSizeMax: 256 * MIB,
  sourceCountMax: 64,
  laneDeadSizeMin: 8 * MIB,
  journalBacklogMin: 8 * MIB,
}

/** Of what is free on the disk: the commit, and whoever deletes meanwhile, need some too. */
const ROOM_SHARE = 0.75

/** What there is to compact, and what is being done about it. One per store. */
export class Compaction {
  readonly #parts: CompactionParts
  readonly #options: CompactionOptions
  readonly #emit: CompactionListener
  readonly #family: SegmentFamily
  readonly #journal: JournalCompaction | null
  /** Segments that do not verify, left alone until the next start. */
  readonly #damaged = new Set<number>()
  /** Replacements whose commit has failed: whether it reached the disk is not known yet. */
  #doubtful: Replacement[] = []
  /** Waiting for readers, or under way. */
  readonly #removals = new Set<Promise<void>>()
  readonly #removing = new Set<Promise<void>>()
  #isClosed = false

  constructor(parts: CompactionParts) {
    this.#parts = parts
    this.#options = { ...defaults, ...parts.options }
    this.#emit = parts.listener ?? (() => {})
    this.#family = new SegmentFamily(parts.lineage)
    const { journal, segments } = parts
    this.#journal =
      journal === undefined ? null : new JournalCompaction(journal, segments, this.#options)
  }

  /**
   * Replaces the segments that are most worth it. Resolves with false when none is, or when it
   * could not be done, which the listener is told. Not to be called while a call is under way.
   *
   * @throws the signal's reason, once aborted; nothing is changed then
   */
  step(signal: AbortSignal): Promise<boolean> {
    return this.#attempt(signal, () => this.#choose(signal))
  }

  /**
   * Takes what lives in a segment to another tier, compressed as that tier is: the same replacement
   * with the same promises. False as well when the segment cannot be replaced now.
   *
   * @throws the signal's reason, once aborted; nothing is changed then
   */
  move(source: number, tier: Tier, signal: AbortSignal): Promise<boolean> {
    return this.#attempt(signal, async () => {
      const isMovable = this.movable().some(({ id }) => id === source)
      return isMovable ? { sources: [source], tier, recompress: true } : null
    })
  }

  /** Data segments that can be replaced at this moment. */
  movable(): readonly SegmentInfo[] {
    return this.#parts.segments.list('data').filter((info) => this.#isEligible(info))
  }

  async #attempt(signal: AbortSignal, choose: () => Promise<Choice | null>): Promise<boolean> {
    try {
      await this.#resolveDoubts()
      const choice = await choose()
      if (choice === null) return false
      await this.#replace(choice, signal)
      return true
    } catch (cause) {
      if (signal.aborted) throw cause
      if (!(cause instanceof DamagedSourceError)) {
        this.#emit({ event: 'compaction-failed', cause })
        return false
      }
      const { segment, offset, field } = cause
      this.#damaged.add(segment)
      this.#emit({ event: 'damaged-source', segment, offset, field })
      return true
    }
  }

  /** What lives, what is dead, and what is about to come free: exact, and true after each delete. */
  space(): SpaceUsage {
    return measureSpace({ ...this.#parts, family: this.#family })
  }

  /** Resolves when the files of all replaced segments are gone, which their readers decide. */
  async removed(): Promise<void> {
    await Promise.all(this.#removals)
  }

  /** Removes no further file and waits for removals under way; the next start does the rest. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#removing)
  }

  /** Data first, for of it what is dead as a whole costs nothing; then the journal. */
  async #choose(signal: AbortSignal): Promise<Choice | null> {
    const dead = this.#dead()
    this.#retireLanes(dead)
    const choice = this.#chooseData(dead) ?? (await this.#chooseJournal(dead))
    if (choice !== null || this.#journal === null) return choice
    const isMovedOn = await this.#journal.checkpoint(dead, signal)
    return isMovedOn ? this.#chooseJournal(this.#dead()) : null
  }

  #dead(): ReadonlyMap<number, number> {
    return deadSizes({ catalog: this.#parts.catalog, family: this.#family })
  }

  /** Segments of one tier, for each stays in its own. */
  #chooseData(dead: ReadonlyMap<number, number>): Choice | null {
    const now = this.#parts.clock.now()
    const { deadRatioMin, ageMinMs, segmentSizeMax: outputSizeMax, sourceCountMax } = this.#options
    const movable = this.movable()
    for (const tier of Object.keys(tiers) as Tier[]) {
      const limits = { deadRatioMin, ageMinMs, outputSizeMax, sourceCountMax }
      const options = tier === 'hot' ? this.#withinRoom(limits) : limits
      const worths = movable
        .filter((info) => info.tier === tier)
        .map((info) => ({
          id: info.id,
          size: Math.max(0, info.dataSize - SEGMENT_HEADER_SIZE),
          liveSize: liveSizeOf(info, dead.get(info.id) ?? 0),
          ageMs: Math.max(0, now - info.createdAt),
        }))
      const sources = chooseSegments(worths, options)
      if (sources.length > 0) return { sources, tier, recompress: false }
    }
    return null
  }

  /** On a full disk, little steps: each has to fit beside what it replaces. */
  #withinRoom(options: ChoiceOptions): ChoiceOptions {
    const room = (this.#parts.room?.freeSize ?? Number.POSITIVE_INFINITY) * ROOM_SHARE
    return { ...options, outputSizeMax: Math.min(options.outputSizeMax, room), liveSizeMax: room }
  }

  async #chooseJournal(dead: ReadonlyMap<number, number>): Promise<Choice | null> {
    const isEligible = (info: SegmentInfo) => this.#isEligible(info)
    const choice = (await this.#journal?.choose(dead, isEligible)) ?? null
    return choice === null ? null : { ...choice, tier: 'hot', recompress: false }
  }

  /** A lane that takes long to fill its segment would keep what is dead in it as long. */
  #retireLanes(dead: ReadonlyMap<number, number>): void {
    const { deadRatioMin, laneDeadSizeMin } = this.#options
    for (const { id, state, dataSize } of this.#parts.segments.list('data')) {
      const deadSize = dead.get(id) ?? 0
      if (state !== 'active' || deadSize === 0 || deadSize < laneDeadSizeMin) continue
      if (deadSize >= dataSize * deadRatioMin) this.#parts.engine.retire?.(id)
    }
  }

  #isEligible({ id, state }: SegmentInfo): boolean {
    const isDoubtful = this.#doubtful.some(
      ({ sources, compacted }) => sources.includes(id) || compacted.output === id,
    )
    return (
      state === 'sealed' && !this.#family.isReplaced(id) && !this.#damaged.has(id) && !isDoubtful
    )
  }

  async #replace(choice: Choice, signal: AbortSignal): Promise<void> {
    const { sources, tier, recompress, puts = [] } = choice
    const startedAt = performance.now()
    const sourceSize = this.#sizeOf(sources)
    const garbage = await this.#garbageOf(sources, signal)
    const compacted = await compact(this.#parts.segments, {
      sources,
      isDead: (blob, source) => garbage.blobs.get(source)?.has(nameOf(blob)) ?? false,
      tier,
      ...(recompress ? { codec: codecOfTier[tier] } : {}),
      pace: this.#pace(),
      signal,
    })
    await this.#flip({ sources, compacted }, { ...garbage, puts })
    const { output, readSize, writtenSize } = compacted
    this.#parts.onReplaced?.(sources, output)
    this.#emit({
      event: 'compacted',
      tier,
      sources,
      output,
      readSize,
      writtenSize,
      reclaimedSize: sourceSize - writtenSize,
      durationMs: performance.now() - startedAt,
    })
  }

  /** The one commit. From then on the old files are of no use but to those who read them now. */
  async #flip(replacement: Replacement, rows: FlipRows): Promise<void> {
    const { catalog, engine } = this.#parts
    const { sources, compacted } = replacement
    const successors = compacted.output === null ? [] : [compacted.output]
    const value = encodeLineage(successors)
    try {
      const lineage = sources.map((source) => ({ key: lineageKey(source), value }))
      const { puts, keys: deletes, adds } = rows
      await catalog.commit({ puts: [...lineage, ...puts], deletes, adds })
    } catch (error) {
      this.#doubtful.push(replacement)
      throw error
    }
    const entries = sources.map((replaced) => ({ replaced, successors }))
    for (const entry of entries) this.#family.add(entry)
    engine.addLineage(entries)
    for (const source of sources) this.#removeLater(source)
  }

  /**
   * A commit that failed may have reached the disk, and count after a crash, until another one is
   * durable. One that takes it back decides, and only then the new file can go.
   */
  async #resolveDoubts(): Promise<void> {
    for (const replacement of [...this.#doubtful]) {
      const { sources, compacted } = replacement
      await this.#parts.catalog.commit({ deletes: sources.map((source) => lineageKey(source)) })
      this.#doubtful = this.#doubtful.filter((other) => other !== replacement)
      if (compacted.output !== null) await this.#remove(compacted.output)
    }
  }

  #removeLater(id: number): void {
    const removal = this.#parts.readers
      .drained()
      .then(() => this.#remove(id))
      .finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }

  /** What cannot be removed now is removed at the next start. Never rejects. */
  #remove(id: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    const removing = this.#removeNow(id).finally(() => this.#removing.delete(removing))
    this.#removing.add(removing)
    return removing
  }

  async #removeNow(id: number): Promise<void> {
    try {
      await this.#parts.segments.removeSegment(id)
      this.#emit({ event: 'segment-removed', segment: id })
    } catch (cause) {
      this.#emit({ event: 'removal-failed', segment: id, cause })
    }
  }

  /**
   * Durable rows only: what they say of a blob holds for ever. All rows of one source are read in
   * one synchronous run, so that of a blob that dies at this moment all are seen, or none.
   */
  async #garbageOf(sources: readonly number[], signal: AbortSignal): Promise<Garbage> {
    const keys: Buffer[] = []
    const adds: Add[] = []
    const blobs = new Map<number, ReadonlySet<string>>()
    for (const source of sources) {
      const names = new Set<string>()
      for (const id of this.#family.withAncestors(source)) {
        let size = 0
        for (const { key, value } of this.#parts.catalog.range(garbageRange(id))) {
          keys.push(Buffer.from(key))
          names.add(nameOf(blobOfGarbage(key)))
          size += decodeGarbage(value)
        }
        if (size > 0) adds.push({ key: garbageTotalKey(id), delta: -size })
      }
      blobs.set(source, names)
      await pause(0, signal)
    }
    return { keys, adds, blobs }
  }

  #pace(): Pace {
    const { engine, readers } = this.#parts
    const { bytesPerSecond } = this.#options
    const isBusy = () => engine.isAppending || readers.count > 0
    return new Pace({ bytesPerSecond, isBusy })
  }

  #sizeOf(sources: readonly number[]): number {
    const { segments } = this.#parts
    const infos = [...segments.list('data'), ...segments.list('journal')]
    return infos.reduce((sum, { id, dataSize }) => sum + (sources.includes(id) ? dataSize : 0), 0)
  }
}

interface Garbage {
  /** Of the rows that are honoured. */
  readonly keys: readonly Buffer[]
  /** What they take off the totals. */
  readonly adds: readonly Add[]
  /** What they are of, by source. */
  readonly blobs: ReadonlyMap<number, ReadonlySet<string>>
}

type FlipRows = Pick<Garbage, 'keys' | 'adds'> & { readonly puts: readonly Put[] }

interface Choice {
  readonly sources: readonly number[]
  /** Where what lives in them goes. */
  readonly tier: Tier
  readonly recompress: boolean
  /** Rows that say more about it. */
  readonly puts?: readonly Put[]
}

interface Replacement {
  readonly sources: readonly number[]
  readonly compacted: Compacted
}

function nameOf({ segment, offset }: Place): string {
  return `${segment}:${offset}`
}
