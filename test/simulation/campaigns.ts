import { CrashRun, type CrashRunOptions, type CrashRunResult } from './crash-run.ts'

/** A kind of history, of which there are as many as there are seeds. */
export interface Campaign {
  readonly name: string
  readonly options: Omit<CrashRunOptions, 'seed'>
  /** The seeds of a run in CI: this one and those after it. */
  readonly firstSeed: number
  readonly seedCount: number
  /** Crash states that a run in CI checks at least: fewer, and it has lost its bite. */
  readonly stateCountMin: number
  /** Of these, such as are of a round that takes something to another tier. */
  readonly movingStateCountMin: number
  /** Segments, and pages of objects, that went to another tier in the background. */
  readonly moveCountMin: number
}

export interface CampaignResult extends CrashRunResult {
  readonly historyCount: number
}

export const campaigns = {
  'several-clients': {
    name: 'several clients',
    options: {
      roundCount: 28,
      concurrencyMax: 6,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact', 'move', 'move'],
      crashRate: 0.1,
    },
    firstSeed: 1001,
    seedCount: 3,
    stateCountMin: 6_500,
    movingStateCountMin: 4_000,
    moveCountMin: 10,
  },
  crowd: {
    name: 'a crowd of clients',
    options: {
      roundCount: 22,
      concurrencyMax: 12,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact', 'move', 'move'],
      crashRate: 0.1,
    },
    firstSeed: 3001,
    seedCount: 2,
    stateCountMin: 8_500,
    movingStateCountMin: 6_500,
    moveCountMin: 20,
  },
  'one-client': {
    name: 'one client',
    options: {
      roundCount: 60,
      concurrencyMax: 1,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact', 'move', 'move'],
      crashRate: 0.1,
    },
    firstSeed: 1,
    seedCount: 6,
    stateCountMin: 10_000,
    movingStateCountMin: 3_500,
    moveCountMin: 30,
  },
  'failing-index': {
    name: 'one client and a failing index',
    options: {
      roundCount: 50,
      concurrencyMax: 1,
      controls: ['restart', 'kill', 'flush', 'flush', 'snapshot', 'compact', 'move', 'move'],
      crashRate: 0.05,
      indexFailureRate: 0.5,
    },
    firstSeed: 2001,
    seedCount: 2,
    stateCountMin: 1_800,
    movingStateCountMin: 600,
    moveCountMin: 3,
  },
} as const satisfies Readonly<Record<string, Campaign>>

export type CampaignName = keyof typeof campaigns

/** For a machine that is busy with other things. */
export const CAMPAIGN_MS_MAX = 1_800_000

/** What the suites of all crash states check in CI, together: see `crash-quota.test.ts`. */
export const exhaustiveQuotas = { sequences: 20_000, races: 20_000, triples: 37_000 } as const

/** Runs histories with crashes, seed by seed. */
export async function runCampaign({
  options,
  firstSeed,
  seedCount,
}: Campaign): Promise<CampaignResult> {
  let total: CrashRunResult = { stateCount: 0, imageCount: 0, moveCount: 0, movingStateCount: 0 }
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const result = await new CrashRun({ ...options, seed }).run()
    total = {
      stateCount: total.stateCount + result.stateCount,
      imageCount: total.imageCount + result.imageCount,
      moveCount: total.moveCount + result.moveCount,
      movingStateCount: total.movingStateCount + result.movingStateCount,
    }
  }
  return { historyCount: seedCount, ...total }
}

export function describeResult({ name }: Campaign, result: CampaignResult): string {
  const { historyCount, imageCount, stateCount, moveCount, movingStateCount } = result
  const moves = `${movingStateCount} of them amid moves, ${moveCount} moves`
  return `${name}: ${historyCount} histories, ${imageCount} disks, ${stateCount} crash states, ${moves}`
}

/** What a campaign must come to in CI, and has not; empty when it has its bite. */
export function shortfallsOf(campaign: Campaign, result: CampaignResult): string[] {
  const least = {
    stateCount: campaign.stateCountMin,
    movingStateCount: campaign.movingStateCountMin,
    moveCount: campaign.moveCountMin,
  }
  const names = Object.keys(least) as readonly (keyof typeof least)[]
  return names
    .filter((name) => result[name] < least[name])
    .map((name) => `${name} is ${result[name]}, not ${least[name]}`)
}
