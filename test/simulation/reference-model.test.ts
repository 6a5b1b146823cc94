import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import { checkInvariants } from '../store/invariants.ts'
import { MemoryBlobStore } from '../store/memory-blob-store.ts'
import { MemoryCatalog } from '../store/memory-catalog.ts'
import { check, expectationOf } from './expectation.ts'
import { History } from './history.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import { describeRound, type Round } from './step.ts'
import { readState } from './store-state.ts'

const SEEDS = Array.from({ length: 8 }, (_, index) => 100 + index)
const ROUND_COUNT = 300

describe('the store, on a catalog and an engine that are as lazy as allowed', () => {
  for (const seed of SEEDS) {
    it(`does what the reference model does: seed ${seed}`, async () => {
      const result = await conform(seed)
      expect(result.problems).toEqual([])
      expect(result.stepCount).toBeGreaterThan(ROUND_COUNT)
    })
  }
})

async function conform(seed: number): Promise<{ problems: string[]; stepCount: number }> {
  const engine = new MemoryBlobStore({ chunkSize: 1024, segmentSize: 8192 })
  const catalog = new MemoryCatalog(engine)
  let now = 1_700_000_000_000
  const store = await LocalObjectStore.open({
    catalog,
    engine,
    clock: { now: () => now++ },
    random: new SeededRandom(seed),
    options: { inlineSizeMax: 256, partSizeMin: 1 },
  })
  const history = new History({ seed, concurrencyMax: 5, controls: [] })
  const model = new ReferenceModel()
  const runner = new RoundRunner(store, model)
  const done: Round[] = []
  let stepCount = 0
  for (let index = 0; index < ROUND_COUNT; index++) {
    const round = history.next(model)
    done.push(round)
    if (!('steps' in round)) continue
    await runner.run(round.steps, () => {})
    stepCount += round.steps.length
    await catalog.settled()
    checkInvariants(catalog)
    const state = await readState(store)
    const problems = check(state, expectationOf(model))
    if (problems.length > 0) return { problems: [...problems, ...lastOf(done)], stepCount }
    model.observe(state)
  }
  return { problems: [], stepCount }
}

function lastOf(rounds: readonly Round[]): string[] {
  return rounds.slice(-3).map(describeRound)
}
