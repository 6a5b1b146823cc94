import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedCache } from '../../src/base/bounded-cache.ts'

describe('a bounded cache', () => {
  it('gives back what was set last, until it is deleted', () => {
    const cache = new BoundedCache<string, number>(100)
    cache.set('a', 1, 10)
    cache.set('a', 2, 10)
    expect(cache.get('a')).toBe(2)
    cache.delete('a')
    expect(cache.get('a')).toBeUndefined()
  })

  it('keeps what is used, and forgets the rest', () => {
    const cache = new BoundedCache<number, number>(10)
    cache.set(0, 0, 1)
    for (let key = 1; key < 100; key++) {
      cache.set(key, key, 1)
      expect(cache.get(0)).toBe(0)
    }
    expect(cache.get(50)).toBeUndefined()
  })

  it('keeps nothing at size 0, and nothing larger than itself', () => {
    const none = new BoundedCache<string, number>(0)
    none.set('a', 1, 1)
    expect(none.get('a')).toBeUndefined()
    const small = new BoundedCache<string, number>(10)
    small.set('a', 1, 11)
    expect(small.get('a')).toBeUndefined()
  })

  it('never gives an outdated value, and never holds more than its size', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 9 }),
      action: fc.constantFrom('get', 'set', 'delete', 'clear'),
      size: fc.integer({ min: 1, max: 8 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new BoundedCache<number, { readonly size: number }>(20)
        const model = new Map<number, { readonly size: number }>()
        for (const { key, action, size } of steps) {
          if (action === 'set') {
            const value = { size }
            model.set(key, value)
            cache.set(key, value, size)
          } else if (action === 'delete') {
            model.delete(key)
            cache.delete(key)
          } else if (action === 'clear') {
            model.clear()
            cache.clear()
          }
          const found = cache.get(key)
          if (found !== undefined) expect(found).toBe(model.get(key))
        }
        let held = 0
        for (const key of model.keys()) held += cache.get(key)?.size ?? 0
        expect(held).toBe(cache.size)
        expect(held).toBeLessThanOrEqual(20)
      }),
    )
  })
})
