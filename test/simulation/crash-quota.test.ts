import { expect, it } from 'vitest'
import { campaigns, exhaustiveQuotas } from './campaigns.ts'

it('a run of all suites checks a hundred thousand crash states at least', () => {
  const quotas = [
    ...Object.values(campaigns).map(({ stateCountMin }) => stateCountMin),
    ...Object.values(exhaustiveQuotas),
  ]
  const total = quotas.reduce((sum, quota) => sum + quota, 0)
  expect(total).toBeGreaterThanOrEqual(100_000)
})
