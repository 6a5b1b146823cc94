import { describe, it } from 'vitest'
import { campaignTimeoutMs, runCampaign } from './crash-histories.ts'

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

  it('everything acknowledged is there, and nothing else', { timeout: campaignTimeoutMs }, () =>
    runCampaign({
      name: 'a journal that is compacted',
      options: { ...compaction, roundCount: 90, concurrencyMax: 1, crashRate: 0.06 },
      firstSeed: 7001,
      seedCount: 3,
      stateCountMin: 1000,
    }),
  )

  it('the same with clients side by side', { timeout: campaignTimeoutMs }, () =>
    runCampaign({
      name: 'a journal that is compacted beside clients',
      options: { ...compaction, roundCount: 40, concurrencyMax: 4, crashRate: 0.05 },
      firstSeed: 8001,
      seedCount: 2,
      stateCountMin: 400,
    }),
  )
})
