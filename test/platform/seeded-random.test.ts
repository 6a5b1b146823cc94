import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/platform/seeded-random.ts'

describe('SeededRandom', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    const run = (seed: number) => new SeededRandom(seed).bytes(37).toString('hex')
    expect(run(1)).toBe(run(1))
    expect(run(1)).not.toBe(run(2))
    expect(run(0)).not.toBe(run(-1))
  })

  it('spreads evenly', () => {
    const random = new SeededRandom(5)
    const counts = new Array<number>(10).fill(0)
    for (let index = 0; index < 100_000; index++) {
      const drawn = random.below(10)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    let heads = 0
    for (let index = 0; index < 10_000; index++) if (random.chance(0.2)) heads++
    expect(Math.abs(heads - 2000)).toBeLessThan(200)
  })
})
