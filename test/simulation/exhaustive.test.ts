import { describe, expect, it } from 'vitest'
import { CrashRun } from './crash-run.ts'
import { setting, stepScenarios } from './scenarios.ts'
import type { Control, Round, Step } from './step.ts'

const steps = stepScenarios.flatMap(({ round }) => ('steps' in round ? round.steps : []))
const controls = [
  'restart',
  'kill',
  'flush',
  'snapshot',
  'compact',
] as const satisfies readonly Control[]

/** The second of two steps gets a body, mark and upload of its own. */
function another(step: Step): Step {
  if (step.kind === 'create-upload') return { ...step, upload: step.upload + 1, mark: 'again' }
  if (!('body' in step)) return step
  const body = { ...step.body, seed: step.body.seed + 1000 }
  return step.kind === 'put' ? { ...step, body, mark: 'again' } : { ...step, body }
}

describe('every history of two operations, crashed at every call', () => {
  for (const first of steps) {
    it(`one after the other, beginning with ${nameOf(first)}`, async () => {
      const continuations: Round[] = [
        ...steps.map((second) => ({ steps: [another(second)] })),
        ...controls.map((control) => ({ control })),
      ]
      let count = 0
      for (const second of continuations) count += await crashed([{ steps: [first] }, second])
      console.info(`${nameOf(first)}, then another: ${count} states`)
      expect(count).toBeGreaterThan(continuations.length)
    })
  }

  for (const [index, first] of steps.entries()) {
    it(`at the same time, one of them ${nameOf(first)}`, async () => {
      let count = 0
      for (const second of steps.slice(index)) {
        count += await crashed([{ steps: [first, another(second)] }])
      }
      console.info(`${nameOf(first)}, beside another: ${count} states`)
      expect(count).toBeGreaterThan(0)
    })
  }
})

async function crashed(rounds: readonly Round[]): Promise<number> {
  const run = new CrashRun({
    seed: 1,
    concurrencyMax: 1,
    controls: [],
    roundCount: 0,
    rounds: [...setting, ...rounds],
    quietRoundCount: setting.length,
    crashRate: 1,
  })
  return (await run.run()).stateCount
}

function nameOf(step: Step): string {
  const size = 'body' in step ? ` of ${step.body.size} bytes` : ''
  const key = 'key' in step ? ` of ${step.key}` : ''
  return `${step.kind}${key}${size}`
}
