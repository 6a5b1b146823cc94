import { describe, expect, it } from 'vitest'
import { campaigns, describeResult, runCampaign, shortfallsOf } from './campaigns.ts'

describe('after a power loss at any moment of a history of one client', () => {
  it.each([campaigns['one-client'], campaigns['failing-index']])(
    'everything acknowledged is there, and nothing else: $name',
    async (campaign) => {
      const result = await runCampaign(campaign)
      console.info(describeResult(campaign, result))
      expect(shortfallsOf(campaign, result)).toEqual([])
    },
  )
})
