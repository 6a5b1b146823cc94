/** All that goes on in the background with segments, one piece after another. */
import type { BackgroundWork } from '../compaction/background-compaction.ts'

/** What comes first goes first: the others get their turn when there is nothing to do for it. */
export function inTurn(works: readonly BackgroundWork[]): BackgroundWork {
  return {
    async step(signal) {
      for (const work of works) if (await work.step(signal)) return true
      return false
    },
    async close() {
      for (const work of works) await work.close()
    },
  }
}
