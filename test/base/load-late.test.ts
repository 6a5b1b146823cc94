import { expect, it } from 'vitest'
import { loadLate } from '../../src/base/load-late.ts'

it('loads nothing until it is called for, and then once', () => {
  const missing = loadLate<object>('there-is-no-such-package')
  expect(() => missing()).toThrow('there-is-no-such-package')
  const library = loadLate<typeof import('saxes')>('saxes')
  expect(library()).toBe(library())
  expect(library().SaxesParser).toBeTypeOf('function')
})
