/**
 * Takes what is stored where it belongs: small bodies to the tier of their class, whole segments to
 * colder tiers as they age and nobody reads them, objects among them back that are read again, and
 * cold segments off this machine if the cold tier is not on it. It decides; compaction, the store
 * and the segments move.
 */
import type { Heat } from '../../engine/tiering/heat.ts'
import { chooseMove, type TierPolicy } from '../../engine/tiering/tier-policy.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Segments } from '../../segment/segments.ts'
import type { Compaction } from '../compaction/compaction.ts'
import { moveVersion, rowAt } from '../move-object.ts'
import type { MovingContext } from '../store-context.ts'
import type { TieringListener } from './events.ts'
import { PendingMoves } from './pending-moves.ts'
import type { Recall } from './recall.ts'

export interface TieringParts {
  readonly segments: Segments
  readonly compaction: Pick<Compaction, 'movable' | 'move'>
  readonly heat: Heat
  /** What is read in a colder tier than it was put in. */
  readonly recall: Recall
  /** Keeps the heat for the next process; durable at resolve. */
  readonly saveHeat: (heat: Heat) => Promise<void>
  readonly clock: Clock
  readonly options: TieringOptions
  readonly listener?: TieringListener
}

export interface TieringOptions extends Omit<TierPolicy, 'tiers'> {
  /** Heat is saved so often, when there is any that is new. */
  readonly heatSaveIntervalMs: number
}

/** One per store. Its steps and those of compaction come one after another. */
export class Tiering {
  readonly #parts: TieringParts
  readonly #emit: TieringListener
  readonly #context: MovingContext
  readonly #pending: PendingMoves
  #heatSavedAt: number

  constructor(context: MovingContext, parts: TieringParts) {
    this.#context = context
    this.#parts = parts
    this.#emit = parts.listener ?? (() => {})
    this.#pending = new PendingMoves(context, this.#emit)
    this.#heatSavedAt = parts.clock.now()
  }

  /**
   * Does one piece of work. Resolves with false when there was none, or when it could not be done,
   * which the listener is told.
   *
   * @throws the signal's reason, once aborted; nothing is half done then
   */
  async step(signal: AbortSignal): Promise<boolean> {
    const now = this.#parts.clock.now()
    this.#parts.heat.cool(now)
    if (now - this.#heatSavedAt >= this.#parts.options.heatSaveIntervalMs) await this.#saveHeat(now)
    try {
      if ((await this.#pending.step(signal)) > 0) return true
      if (await this.#takeBack(signal)) return true
      const { compaction } = this.#parts
      const move = this.#choose(now)
      if (move !== null && (await compaction.move(move.source, move.tier, signal))) return true
      return await this.#ship(signal)
    } catch (cause) {
      if (signal.aborted) throw cause
      this.#emit({ event: 'tiering-failed', cause })
      return false
    }
  }

  /** Takes an object that is read to the tier it was put in, if one waits. */
  async #takeBack(signal: AbortSignal): Promise<boolean> {
    const next = this.#parts.recall.next()
    if (next === null) return false
    const { bucketId, bucket, name, key } = next
    const find = (read: (key: Buffer) => Buffer | null) => rowAt(key, read(key))
    const named = { bucket, key: name }
    try {
      await moveVersion(this.#context, { bucketId, find, storageClass: null, named, signal })
    } catch (cause) {
      if (signal.aborted) throw cause
      this.#emit({ event: 'object-move-failed', bucket, key: name, cause })
    }
    return true
  }

  /** Takes a cold segment off this machine, if there is a place for it. */
  async #ship(signal: AbortSignal): Promise<boolean> {
    const { segments, compaction } = this.#parts
    if (!segments.canShip) return false
    const next = compaction.movable().find(({ tier, isAway }) => tier === 'cold' && !isAway)
    if (next === undefined) return false
    await segments.ship(next.id, signal)
    this.#emit({ event: 'segment-shipped', segment: next.id, size: next.dataSize })
    return true
  }

  /** Saves what is known of the heat. Never rejects. */
  async close(): Promise<void> {
    const now = this.#parts.clock.now()
    this.#parts.heat.cool(now)
    await this.#saveHeat(now)
  }

  #choose(now: number) {
    const { segments, compaction, heat, options } = this.#parts
    const candidates = compaction.movable().map(({ id, tier, createdAt }) => ({
      id,
      tier,
      ageMs: now - createdAt,
      heat: heat.of(id),
    }))
    return chooseMove(candidates, { ...options, tiers: segments.tiers })
  }

  async #saveHeat(now: number): Promise<void> {
    this.#heatSavedAt = now
    if (!this.#parts.heat.takeChanged()) return
    try {
      await this.#parts.saveHeat(this.#parts.heat)
    } catch (cause) {
      this.#emit({ event: 'tiering-failed', cause })
    }
  }
}
