import { CrashRun, type CrashRunOptions } from './crash-run.ts'

/** A kind of history, of which there are as many as there are seeds. */
export interface Campaign {
  readonly name: string
  readonly options: Omit<CrashRunOptions, 'seed'>
  /** The seeds of a run in CI: this one and those after it. */
  readonly firstSeed: number
  readonly seedCount: number
  /** Crash states that a run in CI checks at least: fewer, and it has lost its bite. */
  readonly stateCountMin: number
}

export interface CampaignResult {
  readonly historyCount: number
  readonly stateCount: number
  readonly imageCount: number
}

export const campaigns = {
  'several-clients': {
    name: 'several clients',
    options: {
      roundCount: 40,
      concurrencyMax: 6,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
      crashRate: 0.1,
    },
    firstSeed: 1001,
    seedCount: 10,
    stateCountMin: 20_000,
  },
  crowd: {
    name: 'a crowd of clients',
    options: {
      roundCount: 40,
      concurrencyMax: 12,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
      crashRate: 0.1,
    },
    firstSeed: 3001,
    seedCount: 5,
    stateCountMin: 14_000,
  },
  'one-client': {
    name: 'one client',
    options: {
      roundCount: 60,
      concurrencyMax: 1,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact'],
      crashRate: 0.1,
    },
    firstSeed: 1,
    seedCount: 16,
    stateCountMin: 11_000,
  },
  'failing-index': {
    name: 'one client and a failing index',
    options: {
      roundCount: 50,
      concurrencyMax: 1,
      controls: ['restart', 'kill', 'flush', 'flush', 'snapshot', 'compact'],
      crashRate: 0.05,
      indexFailureRate: 0.5,
    },
    firstSeed: 2001,
    seedCount: 3,
    stateCountMin: 700,
  },
} as const satisfies Readonly<Record<string, Campaign>>

export type CampaignName = keyof typeof campaigns

/** For a machine that is busy with other things. */
export const CAMPAIGN_MS_MAX = 1_800_000

/** What the suites of all crash states check in CI, together: see `crash-quota.test.ts`. */
export const exhaustiveQuotas = { sequences: 15_500, races: 14_500, triples: 26_000 } as const

/** Runs histories with crashes, seed by seed. */
export async function runCampaign({
  options,
  firstSeed,
  seedCount,
}: Campaign): Promise<CampaignResult> {
  let stateCount = 0
  let imageCount = 0
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const result = await new CrashRun({ ...options, seed }).run()
    stateCount += result.stateCount
    imageCount += result.imageCount
  }
  return { historyCount: seedCount, stateCount, imageCount }
}

export function describeResult({ name }: Campaign, result: CampaignResult): string {
  const { historyCount, imageCount, stateCount } = result
  return `${name}: ${historyCount} histories, ${imageCount} disks, ${stateCount} crash states`
}
