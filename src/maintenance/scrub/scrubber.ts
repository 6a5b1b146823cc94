/**
 * Reads everything that is sealed, in the background, again and again: what decays is found while
 * there may still be a backup of it. A pass takes a period at most, at a bounded rate, and lets
 * requests go first; how far it has come is saved, so that restarts cost at most one segment.
 *
 * Invariant: it changes nothing but its own position and what a mirror has whole elsewhere, and
 * nothing that it finds stops the server.
 */
import { Pace, pause } from '../../engine/compaction/pace.ts'
import type { Clock } from '../../platform/clock.ts'
import { errnoOf, type FileSystem } from '../../platform/file-system.ts'
import { SegmentError } from '../../segment/errors.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import { recordSpan } from '../../segment/types.ts'
import { walkSegment } from '../segment-walk.ts'
import type { ScrubListener } from './events.ts'
import { loadPosition, type ScrubPosition, savePosition } from './scrub-position.ts'

export interface ScrubberParts {
  readonly segments: Segments
  readonly fileSystem: FileSystem
  /** The data directory, where the position is kept. */
  readonly path: string
  readonly clock: Clock
  /** Whether requests are under way: the work then gives way. */
  readonly isBusy: () => boolean
  readonly options: ScrubOptions
  readonly listener?: ScrubListener
}

export interface ScrubOptions {
  /** From the beginning of a pass to that of the next one. */
  readonly periodMs: number
  /** Never read faster; 0: as fast as it goes. */
  readonly bytesPerSecondMax: number
  /** From `start` to the first read; a minute unless set. */
  readonly startDelayMs?: number
}

/** So that a pass ends well before its period does. */
const HASTE = 1.25
/** However much time there is. */
const RATE_MIN = 256 * 1024
/** Longest sleep between two looks at the clock; and after a start, which has better to do. */
const NAP_MS = 60_000

/** To be started once; runs until it is disposed of. */
export class Scrubber implements AsyncDisposable {
  readonly #parts: ScrubberParts
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #position: ScrubPosition | null = null

  constructor(parts: ScrubberParts) {
    this.#parts = parts
  }

  /** Where the pass is; null before the first one. */
  get position(): ScrubPosition | null {
    return this.#position
  }

  /** Idempotent. */
  start(): this {
    this.#running ??= this.#run(this.#stopping.signal)
    return this
  }

  /** Ends at the next record, and saves how far it has come. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /**
   * Goes on with the pass under way, or makes a new one, to its end. Resolves with how it went.
   *
   * @throws the signal's reason
   */
  async pass(signal: AbortSignal): Promise<ScrubPosition> {
    const { clock, listener } = this.#parts
    let position = await this.#resume()
    for (const info of this.#sealed().filter(({ id }) => id > position.after)) {
      const { verifiedSize, damageCount } = await this.#look(info, position, signal)
      position = {
        ...position,
        after: info.id,
        segmentCount: position.segmentCount + 1,
        verifiedSize: position.verifiedSize + verifiedSize,
        damageCount: position.damageCount + damageCount,
      }
      await this.#save(position)
    }
    position = { ...position, isOver: true }
    await this.#save(position)
    const { startedAt, segmentCount, verifiedSize, damageCount } = position
    const durationMs = clock.now() - startedAt
    const sums = { durationMs, segmentCount, verifiedSize, damageCount }
    listener?.({ event: 'scrub-pass-ended', ...sums })
    return position
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#parts
    try {
      this.#position ??= await this.#load()
      await pause(this.#parts.options.startDelayMs ?? NAP_MS, signal)
      for (;;) {
        const { startedAt, isOver } = this.#position ?? { startedAt: 0, isOver: false }
        const waitMs = isOver ? startedAt + options.periodMs - clock.now() : 0
        // A clock that was set back must not put off the next pass for ever.
        if (waitMs > 0 && waitMs <= options.periodMs) {
          await pause(Math.min(waitMs, NAP_MS), signal)
        } else await this.pass(signal)
      }
    } catch {
      // Only an abort ends it: whatever else fails is told, and gone past.
    }
  }

  async #resume(): Promise<ScrubPosition> {
    const known = this.#position ?? (await this.#load())
    if (known !== null && !known.isOver) return known
    const startedAt = this.#parts.clock.now()
    const counts = { segmentCount: 0, verifiedSize: 0, damageCount: 0 }
    const position = { startedAt, after: 0, isOver: false, ...counts }
    this.#position = position
    return position
  }

  async #load(): Promise<ScrubPosition | null> {
    const { fileSystem, path } = this.#parts
    return loadPosition(fileSystem, path).catch(() => null)
  }

  /** A disk that takes no position costs at most a pass begun anew. */
  async #save(position: ScrubPosition): Promise<void> {
    const { fileSystem, path } = this.#parts
    this.#position = position
    await savePosition(fileSystem, path, position).catch(() => {})
  }

  /** By ascending id. Snapshots are never sealed: they are whole once they have their name. */
  #sealed(): readonly SegmentInfo[] {
    const { segments } = this.#parts
    const sealed = [...segments.list('data'), ...segments.list('journal')].filter(
      ({ state }) => state === 'sealed' || state === 'damaged',
    )
    return [...sealed, ...segments.list('snapshot')].sort((left, right) => left.id - right.id)
  }

  async #look(
    info: SegmentInfo,
    position: ScrubPosition,
    signal: AbortSignal,
  ): Promise<{ readonly verifiedSize: number; readonly damageCount: number }> {
    const { segments, listener } = this.#parts
    const pace = this.#pace(position)
    const { id: segment, kind } = info
    try {
      // First the copies, where a mirror has several: what one of them still has is no damage.
      await segments.mend(segment, (size) => pace.spend(size, signal))
      const { damages, verifiedSize } = await walkSegment(segments, info, {
        payloads: 'crc',
        onRecord: ({ storedSize }) => pace.spend(recordSpan(storedSize), signal),
        signal,
      })
      for (const { offset, field } of damages) {
        listener?.({ event: 'scrub-damage', segment, kind, offset, field })
      }
      return { verifiedSize, damageCount: damages.length }
    } catch (cause) {
      signal.throwIfAborted()
      if (!segments.has(segment)) return { verifiedSize: 0, damageCount: 0 }
      if (!isMissing(cause)) {
        listener?.({ event: 'scrub-failed', segment, cause })
        return { verifiedSize: 0, damageCount: 0 }
      }
      listener?.({ event: 'scrub-damage', segment, kind, offset: 0, field: 'the file is missing' })
      return { verifiedSize: 0, damageCount: 1 }
    }
  }

  /** As fast as it takes to end in time. */
  #pace({ startedAt, after }: ScrubPosition): Pace {
    const { clock, isBusy, options } = this.#parts
    const left = this.#sealed().filter(({ id }) => id > after)
    const leftSize = left.reduce((sum, { dataSize }) => sum + dataSize, 0)
    const leftMs = Math.max(1000, startedAt + options.periodMs - clock.now())
    const wanted = Math.max(RATE_MIN, (leftSize / leftMs) * 1000 * HASTE)
    const { bytesPerSecondMax } = options
    const bytesPerSecond = bytesPerSecondMax === 0 ? wanted : Math.min(wanted, bytesPerSecondMax)
    return new Pace({ bytesPerSecond, isBusy })
  }
}

function isMissing(cause: unknown): boolean {
  const isGone = cause instanceof SegmentError && cause.kind === 'missing-segment'
  return isGone || errnoOf(cause) === 'ENOENT'
}
