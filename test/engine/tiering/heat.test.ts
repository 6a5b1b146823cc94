import { describe, expect, it } from 'vitest'
import { Heat } from '../../../src/engine/tiering/heat.ts'

const now = 1_700_000_000_000
const halfLifeMs = 1000

function touched(counts: Readonly<Record<number, number>>): Heat {
  const heat = new Heat(now, { halfLifeMs })
  for (const [segment, count] of Object.entries(counts)) {
    for (let index = 0; index < count; index++) heat.touch(Number(segment))
  }
  return heat
}

describe('the heat of segments', () => {
  it('counts reads, and halves with time', () => {
    const heat = touched({ 1: 8, 2: 1 })
    expect([heat.of(1), heat.of(2), heat.of(3)]).toEqual([8, 1, 0])
    heat.cool(now + halfLifeMs)
    expect([heat.of(1), heat.of(2)]).toEqual([4, 0.5])
    heat.touch(1)
    heat.cool(now + 3 * halfLifeMs)
    expect(heat.of(1)).toBeCloseTo(1.25)
  })

  it('is as cold after many short times as after one long one', () => {
    const [often, once] = [touched({ 1: 100 }), touched({ 1: 100 })]
    for (let ms = 1; ms <= 2000; ms++) often.cool(now + ms)
    once.cool(now + 2000)
    expect(often.of(1)).toBeCloseTo(once.of(1))
  })

  it('forgets what is cold, so that it never grows beyond what is read', () => {
    const heat = touched({ 1: 1 })
    heat.cool(now + 7 * halfLifeMs)
    expect(heat.entries.size).toBe(0)
  })

  it('does not cool when the clock is set back, nor freeze when it is set right', () => {
    const heat = touched({ 1: 8 })
    heat.cool(now - 10_000)
    expect(heat.of(1)).toBe(8)
    heat.cool(now - 10_000 + halfLifeMs)
    expect(heat.of(1)).toBe(4)
  })

  it('goes over to the segment that takes the place of others', () => {
    const heat = touched({ 1: 2, 2: 3, 4: 1 })
    heat.inherit([1, 2], 7)
    expect([...heat.entries]).toEqual([
      [4, 1],
      [7, 5],
    ])
    heat.inherit([4], null)
    expect([...heat.entries]).toEqual([[7, 5]])
  })

  it('says once that there is something new to save', () => {
    const heat = touched({ 1: 1 })
    expect([heat.takeChanged(), heat.takeChanged()]).toEqual([true, false])
  })
})
