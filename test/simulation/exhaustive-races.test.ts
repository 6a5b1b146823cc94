import { afterAll, describe, expect, it } from 'vitest'
import { exhaustiveQuotas } from './campaigns.ts'
import { another, crashedAtEveryCall, nameOf, steps } from './exhaustive.ts'
import { upkeeps } from './step.ts'

describe('every two operations at the same time, crashed at every call', () => {
  let total = 0
  afterAll(() => {
    console.info(`two operations at once: ${total} crash states`)
    expect(total).toBeGreaterThanOrEqual(exhaustiveQuotas.races)
  })

  for (const [index, first] of steps.entries()) {
    it(`one of them ${nameOf(first)}`, async () => {
      let count = 0
      for (const second of steps.slice(index)) {
        count += (await crashedAtEveryCall([{ steps: [first, another(second)] }])).stateCount
      }
      for (const beside of upkeeps) {
        count += (await crashedAtEveryCall([{ steps: [first], beside }])).stateCount
      }
      total += count
      expect(count).toBeGreaterThan(20)
    })
  }
})
