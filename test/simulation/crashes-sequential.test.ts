import { describe, it } from 'vitest'
import { campaignTimeoutMs, runCampaign } from './crash-histories.ts'

describe('after a power loss at any moment of a history of one client', () => {
  it('everything acknowledged is there, and nothing else', { timeout: campaignTimeoutMs }, () =>
    runCampaign({
      name: 'one client',
      options: {
        roundCount: 60,
        concurrencyMax: 1,
        controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
        crashRate: 0.1,
      },
      firstSeed: 1,
      seedCount: 5,
      stateCountMin: 2500,
    }),
  )

  it('the same with an index that often fails', { timeout: campaignTimeoutMs }, () =>
    runCampaign({
      name: 'one client and a failing index',
      options: {
        roundCount: 50,
        concurrencyMax: 1,
        controls: ['restart', 'kill', 'flush', 'flush', 'snapshot', 'compact'],
        crashRate: 0.05,
        indexFailureRate: 0.5,
      },
      firstSeed: 2001,
      seedCount: 2,
      stateCountMin: 400,
    }),
  )
})
