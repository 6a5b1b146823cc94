import { afterAll, describe, expect, it } from 'vitest'
import { exhaustiveQuotas } from './campaigns.ts'
import { another, crashedAtEveryCall, nameOf, steps } from './exhaustive.ts'
import type { Control, Round } from './step.ts'

const controls = [
  'restart',
  'kill',
  'flush',
  'snapshot',
  'compact',
  'move',
] as const satisfies readonly Control[]

describe('every two operations one after the other, crashed at every call', () => {
  let total = 0
  afterAll(() => {
    console.info(`two operations in sequence: ${total} crash states`)
    expect(total).toBeGreaterThanOrEqual(exhaustiveQuotas.sequences)
  })

  for (const first of steps) {
    it(`beginning with ${nameOf(first)}`, async () => {
      const continuations: Round[] = [
        ...steps.map((second) => ({ steps: [another(second)] })),
        ...controls.map((control) => ({ control })),
      ]
      let count = (await crashedAtEveryCall([{ steps: [first] }])).stateCount
      for (const second of continuations) {
        count += (await crashedAtEveryCall([{ steps: [first] }, second], 1)).stateCount
      }
      total += count
      expect(count).toBeGreaterThan(100)
    })
  }
})
