import { describe, expect, it } from 'vitest'
import {
  chooseMove,
  type TieredSegment,
  type TierPolicy,
} from '../../../src/engine/tiering/tier-policy.ts'

const policy: TierPolicy = {
  tiers: ['hot', 'warm', 'cold'],
  warmAfterMs: 100,
  coldAfterMs: 1000,
  heatMax: 5,
}
const segment = (id: number, changes: Partial<TieredSegment> = {}): TieredSegment => ({
  id,
  tier: 'hot',
  ageMs: 0,
  heat: 0,
  ...changes,
})

describe('the choice of what moves to another tier', () => {
  it('takes what is old enough, and leaves what is young', () => {
    expect(chooseMove([segment(1, { ageMs: 99 })], policy)).toBeNull()
    expect(chooseMove([segment(1, { ageMs: 100 })], policy)).toEqual({ source: 1, tier: 'warm' })
    expect(chooseMove([segment(1, { tier: 'warm', ageMs: 999 })], policy)).toBeNull()
    expect(chooseMove([segment(1, { tier: 'warm', ageMs: 1000 })], policy)).toEqual({
      source: 1,
      tier: 'cold',
    })
  })

  it('leaves what is read, however old', () => {
    expect(chooseMove([segment(1, { ageMs: 5000, heat: 5.1 })], policy)).toBeNull()
    expect(chooseMove([segment(1, { ageMs: 5000, heat: 5 })], policy)).not.toBeNull()
  })

  it('goes straight to the coldest tier there is', () => {
    const old = [segment(1, { ageMs: 5000 })]
    expect(chooseMove(old, policy)).toEqual({ source: 1, tier: 'cold' })
    expect(chooseMove(old, { ...policy, tiers: ['hot', 'warm'] })?.tier).toBe('warm')
    expect(chooseMove(old, { ...policy, tiers: ['hot', 'cold'] })?.tier).toBe('cold')
    expect(chooseMove(old, { ...policy, tiers: ['hot'] })).toBeNull()
  })

  it('never makes anything hotter', () => {
    const cold = [segment(1, { tier: 'cold', ageMs: 5000 })]
    expect(chooseMove(cold, policy)).toBeNull()
    expect(chooseMove(cold, { ...policy, coldAfterMs: null })).toBeNull()
  })

  it('moves nothing by age where none is set', () => {
    const never = { ...policy, warmAfterMs: null, coldAfterMs: null }
    expect(chooseMove([segment(1, { ageMs: 1e12 })], never)).toBeNull()
  })

  it('begins with what has waited longest', () => {
    const ages = [300, 500, 400].map((ageMs, index) => segment(index + 1, { ageMs }))
    expect(chooseMove(ages, policy)?.source).toBe(2)
  })
})
