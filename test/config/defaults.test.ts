import { expect, it } from 'vitest'
import { settings } from '../../src/config/schema.ts'
import { defaultHttpLimits } from '../../src/http/limits.ts'
import { defaultStoreOptions } from '../../src/store/store-context.ts'

// Floors have defaults of their own, for those who build them without the table.
it('the table and the floors agree on what is the default', () => {
  const floors = { ...defaultHttpLimits, ...defaultStoreOptions }
  const shared = Object.entries(floors).filter(([name]) => name in settings)
  expect(shared.length).toBeGreaterThan(7)
  for (const [name, value] of shared) {
    expect({ [name]: settings[name as keyof typeof settings].default }).toEqual({ [name]: value })
  }
})
