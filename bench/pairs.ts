/**
 * The machine is noisy, so the server and its probe take turns, and what counts is the ratio of
 * neighbours: a slow minute slows both.
 */
import { median } from './figures.ts'
import { type LoadResult, load } from './load/raw-client.ts'
import type { Target } from './target.ts'

export interface PairPlan {
  readonly connections: number
  readonly durationMs: number
  readonly rounds: number
  /** Makes the requests of one run; they are signed before the run begins. */
  readonly requests: (target: Target, round: number) => () => readonly Uint8Array[] | null
}

export interface PairResult {
  readonly varve: readonly LoadResult[]
  readonly probe: readonly LoadResult[]
  /** Requests per second of the server over those of the probe, round by round. */
  readonly pairs: readonly number[]
  readonly ratio: number
}

export async function runPairs(varve: Target, probe: Target, plan: PairPlan): Promise<PairResult> {
  const results = { varve: [] as LoadResult[], probe: [] as LoadResult[] }
  const pairs: number[] = []
  // Round 0 warms both up and does not count.
  for (let round = 0; round <= plan.rounds; round++) {
    const ours = await run(varve, plan, round)
    const theirs = await run(probe, plan, round)
    if (round === 0) continue
    results.varve.push(ours)
    results.probe.push(theirs)
    pairs.push(ours.requests / ours.seconds / (theirs.requests / theirs.seconds))
  }
  return { ...results, pairs, ratio: median(pairs) }
}

function run(target: Target, plan: PairPlan, round: number): Promise<LoadResult> {
  const { connections, durationMs } = plan
  const { host, port } = target
  return load({ host, port, connections, durationMs, next: plan.requests(target, round) })
}
