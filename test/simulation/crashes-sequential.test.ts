import { describe, expect, it } from 'vitest'
import { runCampaign } from './crash-histories.ts'

describe('after a power loss at any moment of a history of one client', () => {
  it('everything acknowledged is there, and nothing else', async () => {
    const { stateCount } = await runCampaign({
      name: 'one client',
      options: {
        roundCount: 60,
        concurrencyMax: 1,
        controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
        crashRate: 0.1,
      },
      firstSeed: 1,
      seedCount: 12,
    })
    expect(stateCount).toBeGreaterThan(0)
  })
})
