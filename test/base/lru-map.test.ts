import { describe, expect, it } from 'vitest'
import { LruMap } from '../../src/base/lru-map.ts'

describe('LRU map', () => {
  it('forgets the least recently used entry beyond its limit', () => {
    const map = new LruMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    expect(map.get('a')).toBe(1)
    map.set('c', 3)
    expect(map.get('b')).toBe(undefined)
    expect([map.get('a'), map.get('c'), map.size]).toEqual([1, 3, 2])
  })

  it('counts a new value of an old key as use', () => {
    const map = new LruMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4])
  })

  it('keeps nothing when its limit is 0', () => {
    const map = new LruMap<string, number>(0)
    map.set('a', 1)
    expect(map.get('a')).toBe(undefined)
  })
})
