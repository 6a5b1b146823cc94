import { CrashRun, type CrashRunResult } from './crash-run.ts'
import { setting, stepScenarios } from './scenarios.ts'
import { needsTiers, type Round, type Step } from './step.ts'

/** What a pair shows of these, others show as well. */
const variants: ReadonlySet<string> = new Set(['put nothing', 'put a new key'])

/** Every kind of step, on the store that `setting` leaves. */
export const steps: readonly Step[] = stepScenarios
  .filter(({ name }) => !variants.has(name))
  .flatMap(({ round }) => ('steps' in round ? round.steps : []))

/** The same step once more, with a body, mark, upload and class of its own. */
export function another(step: Step): Step {
  if (step.kind === 'create-upload') return { ...step, upload: step.upload + 1, mark: 'again' }
  if (step.kind === 'move-object') return { ...step, storageClass: 'STANDARD_IA' }
  if (!('body' in step)) return step
  const body = { ...step.body, seed: step.body.seed + 1000 }
  return step.kind === 'put' ? { ...step, body, mark: 'again' } : { ...step, body }
}

/**
 * Runs rounds on a store that holds something, and crashes it at every single call of them, but for
 * the first few when these have had their turn before.
 */
export function crashedAtEveryCall(
  rounds: readonly Round[],
  quietCount = 0,
): Promise<CrashRunResult> {
  return new CrashRun({
    seed: 1,
    concurrencyMax: 1,
    controls: [],
    roundCount: 0,
    rounds: [...setting, ...rounds],
    isTiered: rounds.some(needsTiers),
    quietRoundCount: setting.length + quietCount,
    crashRate: 1,
  }).run()
}

export function nameOf(step: Step): string {
  const size = 'body' in step ? ` of ${step.body.size} bytes` : ''
  const key = 'key' in step ? ` of ${step.key}` : ''
  const parts = 'partNumbers' in step ? ` with ${step.partNumbers.length} parts` : ''
  return `${step.kind}${key}${size}${parts}`
}
