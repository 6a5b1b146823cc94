import { describe, expect, it } from 'vitest'
import { CrashRun, type CrashRunOptions } from './crash-run.ts'

describe('after a power loss at any moment, while the journal is given up again and again', () => {
  const compaction = {
    controls: ['compact', 'compact', 'compact', 'snapshot', 'flush', 'kill', 'restart'],
    // What rides in commits, and little else.
    sizes: [
      [1, 200],
      [1, 200],
      [150, 256],
      [1000, 3000],
    ],
  } as const

  async function run(seeds: readonly number[], options: Omit<CrashRunOptions, 'seed'>) {
    let stateCount = 0
    for (const seed of seeds)
      stateCount += (await new CrashRun({ ...options, seed }).run()).stateCount
    console.info(`a journal that is compacted: ${stateCount} crash states`)
    return stateCount
  }

  it('everything acknowledged is there, and nothing else', async () => {
    const options = { ...compaction, roundCount: 90, concurrencyMax: 1, crashRate: 0.06 }
    expect(await run([7001, 7002], options)).toBeGreaterThan(1000)
  })

  it('the same with clients side by side', async () => {
    const options = { ...compaction, roundCount: 40, concurrencyMax: 4, crashRate: 0.05 }
    expect(await run([8001], options)).toBeGreaterThan(400)
  })
})
