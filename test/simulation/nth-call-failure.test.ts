import { describe, expect, it } from 'vitest'
import { operationsOf, runWithFault } from './fault-run.ts'
import { faultsOf } from './faults.ts'
import { controlScenarios, stepScenarios, togetherScenario } from './scenarios.ts'

const scenarios = [...stepScenarios, togetherScenario, ...controlScenarios]

describe('when any one disk operation fails, the store fails cleanly and loses nothing', () => {
  for (const scenario of scenarios) {
    it(`during ${scenario.name}`, async () => {
      const operations = await operationsOf(scenario)
      let failures = 0
      let images = 0
      for (const [nth, planned] of operations.entries()) {
        for (const { name, fault } of faultsOf(planned)) {
          const where = `${name} in call ${nth} of ${operations.length}: ${describeCall(planned)}`
          const outcome = await runWithFault(scenario, (index) =>
            index === nth ? fault : null,
          ).catch((cause: unknown) => {
            throw new Error(where, { cause })
          })
          images += outcome.imageCount
          if (outcome.hasFailed) failures++
        }
      }
      console.info(
        `${scenario.name}: ${operations.length} calls, ${failures} failures, ${images} crashes`,
      )
      // The index of a simulation is not on its disk.
      if (scenario.name !== 'flush') expect(images).toBeGreaterThan(0)
    })
  }
})

describe('when every disk operation fails from one on, and later none', () => {
  for (const scenario of scenarios) {
    it(`during ${scenario.name}`, async () => {
      const operations = await operationsOf(scenario)
      for (const [nth, planned] of operations.entries()) {
        const dying = (index: number) => (index >= nth ? ({ code: 'EIO' } as const) : null)
        const { hasFailed } = await runWithFault(scenario, dying).catch((cause: unknown) => {
          throw new Error(`from call ${nth} on: ${describeCall(planned)}`, { cause })
        })
        // Nobody waits for what happens behind the first sync, or for the index.
        const isFirstSync = operations.findIndex(({ operation }) => operation === 'sync') === nth
        if (isFirstSync && 'steps' in scenario.round) expect(hasFailed).toBe(true)
      }
    })
  }
})

function describeCall({ operation, path, offset, length }: Parameters<typeof faultsOf>[0]): string {
  return [operation, path, offset, length].filter((part) => part !== undefined).join(' ')
}
