import { expect } from 'vitest'
import { CrashRun, type CrashRunOptions, type CrashRunResult } from './crash-run.ts'

/** A seed to run alone, as a failure prints it. */
const seedAsked = process.env['SEED']
/** How long to go on with ever new seeds, instead of a fixed number of them. */
const secondsAsked = process.env['VARVE_SIMULATE_SECONDS']

/** For tests that run as long as they are asked to. */
export const campaignTimeoutMs = 600_000 + 2000 * Number(secondsAsked ?? 0)

export interface CrashCampaign {
  readonly name: string
  readonly options: Omit<CrashRunOptions, 'seed'>
  /** The seeds of an ordinary run: this one and those after it. */
  readonly firstSeed: number
  readonly seedCount: number
  /** Fewer states than this mean that the campaign has lost its bite. */
  readonly stateCountMin: number
}

/** Runs histories with crashes, seed by seed, and reports how many states were checked. */
export async function runCampaign(campaign: CrashCampaign): Promise<CrashRunResult> {
  const { name, options, firstSeed, seedCount } = campaign
  const until = secondsAsked === undefined ? 0 : Date.now() + Number(secondsAsked) * 1000
  // Long runs begin where no run has been before.
  let seed = seedAsked !== undefined ? Number(seedAsked) : until > 0 ? newSeed() : firstSeed
  let stateCount = 0
  let imageCount = 0
  let runCount = 0
  const goesOn = () => {
    if (seedAsked !== undefined) return runCount === 0
    return until > 0 ? Date.now() < until : runCount < seedCount
  }
  for (; goesOn(); seed++, runCount++) {
    const result = await new CrashRun({ ...options, seed }).run()
    stateCount += result.stateCount
    imageCount += result.imageCount
  }
  console.info(`${name}: ${runCount} histories, ${imageCount} disks, ${stateCount} crash states`)
  const isOrdinary = seedAsked === undefined && until === 0
  expect(stateCount).toBeGreaterThan(isOrdinary ? campaign.stateCountMin : 0)
  return { stateCount, imageCount }
}

function newSeed(): number {
  return Math.floor(Date.now() / 1000) % 0x7fffffff
}
