/**
 * Runs one check on the source it was built with, and says in one line of JSON whether that noticed
 * anything: what `source-mutants.test.ts` starts as a process of its own.
 */
import { crashModels } from '../../src/platform/crash-model.ts'
import { LastingKv, openBed } from '../catalog/catalog-bed.ts'
import { imagesOf, options } from '../catalog/crash-images.ts'
import { CrashRun } from './crash-run.ts'
import { DamageRun } from './damage-run.ts'
import { flippedBits, kindsOfDamage } from './damages.ts'
import { diskTraces } from './disk-traces.ts'
import { operationsOf, runWithFault } from './fault-run.ts'
import { faultsOf } from './faults.ts'
import { controlScenarios, stepScenarios, togetherScenario } from './scenarios.ts'
import type { TrialName } from './source-mutant.ts'

/** A mutant gets more chances to be noticed than the source as it is to be accused. */
const SEED_COUNT = 6
const BITS_PER_CLASS = 3
/** So that a trial ends soon: of each size, and of each way to start. */
const scenarioNames = [
  'put inline',
  'put one chunk',
  'delete',
  'several at once',
  'compact',
  'start after a failed sync',
]

const [name = '', golden = '', seeds = SEED_COUNT] = process.argv.slice(2)
const seedCount = Number(seeds)

/** Each rejects when it notices something. */
const trials: Readonly<Record<TrialName, (golden: string) => Promise<void>>> = {
  crashes: () => histories(4),
  contention: () => histories(8),
  commits,
  faults,
  damage,
  traces: async (golden) => {
    if ((await diskTraces()) !== golden) throw new Error('another order of calls')
  },
}

async function histories(concurrencyMax: number): Promise<void> {
  for (let seed = 1; seed <= seedCount; seed++) {
    await new CrashRun({
      seed: 5000 + seed,
      roundCount: 40,
      concurrencyMax,
      controls: ['restart', 'kill', 'flush', 'snapshot', 'compact', 'compact', 'move'],
      crashRate: 0.1,
    }).run()
  }
}

/** Of a catalog alone, in whose histories most groups have attachments. */
async function commits(): Promise<void> {
  for (const model of crashModels) {
    for (let seed = 1; seed <= seedCount; seed++) {
      const [history, images] = await imagesOf(seed, model)
      for (const { disks, forkKv, acknowledged } of images) {
        history.acknowledged = acknowledged
        for (const [index, disk] of disks.entries()) {
          const kv = index === 0 ? await forkKv() : new LastingKv()
          await using bed = await openBed(disk, { kv: kv.open(), options, seed: 99 })
          await history.assertHolds(bed.catalog, bed.segments)
        }
      }
    }
  }
}

async function faults(): Promise<void> {
  const all = [...stepScenarios, togetherScenario, ...controlScenarios]
  const chosen = all.filter((scenario) => scenarioNames.includes(scenario.name))
  for (const scenario of chosen.slice(0, seedCount === SEED_COUNT ? chosen.length : 2)) {
    const operations = await operationsOf(scenario)
    for (const [nth, planned] of operations.entries()) {
      for (const { fault } of faultsOf(planned)) {
        await runWithFault(scenario, (index) => (index === nth ? fault : null))
      }
    }
  }
}

async function damage(): Promise<void> {
  for (const ending of ['closed', 'killed'] as const) {
    const run = await DamageRun.prepare(ending)
    for (const damages of Object.values(kindsOfDamage)) {
      for await (const one of damages(run)) await run.meet(one)
    }
    for await (const one of flippedBits(run, BITS_PER_CLASS)) await run.meet(one)
  }
}

/** The innermost cause, where the reason stands. */
function reasonOf(error: unknown): string {
  let reason = error
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause
  return reason instanceof Error ? reason.message : String(reason)
}

const trial = trials[name as TrialName]
const tell = (reason: string | null) => {
  process.stdout.write(`${JSON.stringify({ reason: reason?.slice(0, 300) ?? null })}\n`)
  process.exit(0)
}
// What a mutant lets escape is noticed as well.
process.on('unhandledRejection', (error) => tell(reasonOf(error)))
process.on('uncaughtException', (error) => tell(reasonOf(error)))
trial(golden).then(
  () => tell(null),
  (error: unknown) => tell(reasonOf(error)),
)
