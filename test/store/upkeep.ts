/** What moves stored bytes in the background, wired as `src/compose` does it and driven by hand. */

import type { Heat } from '../../src/engine/tiering/heat.ts'
import { saveHeat } from '../../src/engine/tiering/heat-file.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import {
  Compaction,
  type CompactionOptions,
  type CompactionParts,
} from '../../src/store/compaction/compaction.ts'
import type { CompactionEvent } from '../../src/store/compaction/events.ts'
import type { MovingContext } from '../../src/store/store-context.ts'
import type { TieringEvent } from '../../src/store/tiering/events.ts'
import type { Recall } from '../../src/store/tiering/recall.ts'
import { Tiering, type TieringOptions } from '../../src/store/tiering/tiering.ts'

export type UpkeepEvent = CompactionEvent | TieringEvent

export interface UpkeepFloors
  extends MovingContext,
    Pick<CompactionParts, 'segments' | 'journal' | 'lineage'> {
  readonly engine: MovingContext['engine'] & CompactionParts['engine']
  readonly fs: FileSystem
  /** What was loaded from `heatPath`. */
  readonly heat: Heat
  readonly heatPath: string
  readonly recall: Recall
}

export interface UpkeepOptions {
  readonly compaction: Partial<CompactionOptions>
  readonly tiering: TieringOptions
  readonly listener: (event: UpkeepEvent) => void
}

/** More steps than anybody has work for: whoever takes them does not come to an end. */
const STEPS_MAX = 1000
const never = new AbortController().signal

/** Of one store; nothing of it happens by itself. */
export class Upkeep {
  readonly compaction: Compaction
  readonly tiering: Tiering

  constructor(floors: UpkeepFloors, { compaction, tiering, listener }: UpkeepOptions) {
    const { fs, heat, heatPath } = floors
    this.compaction = new Compaction({
      ...floors,
      listener,
      options: compaction,
      onReplaced: (sources, output) => heat.inherit(sources, output),
    })
    this.tiering = new Tiering(floors, {
      ...floors,
      listener,
      compaction: this.compaction,
      saveHeat: () => saveHeat(fs, heatPath, heat),
      options: tiering,
    })
  }

  /** Replaces segments until none is worth it. Resolves with how often it did something. */
  compactAll(): Promise<number> {
    return this.#work(this.compaction)
  }

  /** Moves until all is in its place. */
  moveAll(): Promise<number> {
    return this.#work(this.tiering)
  }

  async close(): Promise<void> {
    await this.tiering.close()
    await this.compaction.close()
  }

  async #work(worker: Pick<Tiering, 'step'>): Promise<number> {
    let count = 0
    for (; await worker.step(never); count++) {
      if (count === STEPS_MAX) throw new Error('the work does not come to an end')
    }
    await this.compaction.removed()
    return count
  }
}
