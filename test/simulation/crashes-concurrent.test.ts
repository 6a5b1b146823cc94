import { describe, it } from 'vitest'
import { campaignTimeoutMs, runCampaign } from './crash-histories.ts'

describe('after a power loss at any moment of a history of several clients', () => {
  it('everything acknowledged is there, and nothing else', { timeout: campaignTimeoutMs }, () =>
    runCampaign({
      name: 'several clients',
      options: {
        roundCount: 40,
        concurrencyMax: 6,
        controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
        crashRate: 0.1,
      },
      firstSeed: 1001,
      seedCount: 4,
      stateCountMin: 5000,
    }),
  )
})
