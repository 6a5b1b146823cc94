import { describe, expect, it } from 'vitest'
import {
  CAMPAIGN_MS_MAX,
  campaigns,
  describeResult,
  runCampaign,
  shortfallsOf,
} from './campaigns.ts'

const campaign = campaigns.crowd

describe('after a power loss at any moment of a history of a crowd of clients', () => {
  it(
    'everything acknowledged is there, and nothing else',
    async () => {
      const result = await runCampaign(campaign)
      console.info(describeResult(campaign, result))
      expect(shortfallsOf(campaign, result)).toEqual([])
    },
    CAMPAIGN_MS_MAX,
  )
})
