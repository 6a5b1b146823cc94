import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseSegments,
  type SegmentWorth,
} from '../../../src/engine/compaction/choose-segments.ts'

const options = { deadRatioMin: 0.5, ageMinMs: 1000, outputSizeMax: 100, sourceCountMax: 8 }

function segment(id: number, liveSize: number, more: Partial<SegmentWorth> = {}): SegmentWorth {
  return { id, size: 100, liveSize, ageMs: 5000, ...more }
}

describe('choosing segments', () => {
  it('takes what is dead altogether first, however young, and nothing with it', () => {
    const young = { ageMs: 0 }
    const all = [segment(1, 10), segment(2, 0, young), segment(3, 40), segment(4, 0)]
    expect(chooseSegments(all, options)).toEqual([2, 4])
  })

  it('leaves alone what is young or mostly alive', () => {
    expect(chooseSegments([segment(1, 10, { ageMs: 999 }), segment(2, 51)], options)).toEqual([])
  })

  it('puts several into one, as many as fit, the emptiest first', () => {
    const all = [segment(1, 50), segment(2, 30), segment(3, 45), segment(4, 20)]
    expect(chooseSegments(all, options)).toEqual([4, 2, 3])
  })

  it('prefers the older of two that are equally empty', () => {
    const all = [segment(1, 50, { ageMs: 2000 }), segment(2, 50), segment(3, 50, { ageMs: 9000 })]
    expect(chooseSegments(all, options)).toEqual([3, 2])
  })

  it('takes none that has more alive than there is room for', () => {
    const little = { ...options, outputSizeMax: 40, liveSizeMax: 40 }
    const all = [segment(1, 41), segment(2, 30), segment(3, 25), segment(4, 12)]
    expect(chooseSegments(all, little)).toEqual([4, 3])
    expect(chooseSegments([segment(1, 41)], little)).toEqual([])
  })

  it('takes a segment that is larger than an output by itself', () => {
    expect(chooseSegments([segment(1, 150, { size: 400 })], options)).toEqual([1])
  })

  it('never chooses one twice, more than it may, or more than fits', () => {
    const some = fc.array(
      fc.record({
        id: fc.nat(50),
        size: fc.constant(100),
        liveSize: fc.nat(100),
        ageMs: fc.nat(10_000),
      }),
      { maxLength: 40 },
    )
    const distinct = some.map((all) => [...new Map(all.map((one) => [one.id, one])).values()])
    fc.assert(
      fc.property(distinct, (all) => {
        const chosen = chooseSegments(all, options)
        expect(new Set(chosen).size).toBe(chosen.length)
        expect(chosen.length).toBeLessThanOrEqual(options.sourceCountMax)
        const live = all.filter(({ id }) => chosen.includes(id))
        expect(live.reduce((sum, one) => sum + one.liveSize, 0)).toBeLessThanOrEqual(100)
        const isWorth = (one: SegmentWorth) =>
          one.liveSize === 0 || (one.liveSize <= 50 && one.ageMs >= 1000)
        expect(chosen.length > 0).toBe(all.some(isWorth))
      }),
    )
  })
})
