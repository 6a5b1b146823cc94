import { describe, expect, it } from 'vitest'
import { CrashRun } from './crash-run.ts'
import { type Mutant, mutants } from './mutants.ts'

const SEED_COUNT = 6

describe('the simulation notices', () => {
  for (const mutant of mutants) {
    it(`a store that ${mutant.name}`, async () => {
      expect(await isNoticed(mutant)).toBe(true)
    })
  }

  it('nothing in a store without mistakes', async () => {
    expect(await isNoticed({}, 1)).toBe(false)
  })
})

async function isNoticed(mistake: Omit<Mutant, 'name'>, seedCount = SEED_COUNT): Promise<boolean> {
  for (let seed = 1; seed <= seedCount; seed++) {
    const run = new CrashRun({
      seed: 5000 + seed,
      roundCount: 40,
      concurrencyMax: 4,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact', 'move'],
      crashRate: 0.1,
      ...mistake,
    })
    try {
      await run.run()
    } catch {
      return true
    }
  }
  return false
}
