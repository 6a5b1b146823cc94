import { describe, expect, it } from 'vitest'
import { Lineage } from '../../../src/engine/lookup/lineage.ts'

const isLive = (id: number) => id >= 10

describe('lineage', () => {
  it('names the live segments that may hold what a replaced one held, nearest first', () => {
    const lineage = new Lineage([{ replaced: 1, successors: [10, 2, 11] }])
    lineage.add([{ replaced: 2, successors: [12, 3] }])
    lineage.add([{ replaced: 3, successors: [10, 13] }])
    expect([...lineage.heirs(1, isLive)]).toEqual([10, 11, 12, 13])
    expect([...lineage.heirs(3, isLive)]).toEqual([10, 13])
  })

  it('has nothing to say of a segment that was never replaced', () => {
    expect([...new Lineage().heirs(1, isLive)]).toEqual([])
  })

  it('does not run in circles', () => {
    const lineage = new Lineage([
      { replaced: 1, successors: [2] },
      { replaced: 2, successors: [1, 3] },
      { replaced: 3, successors: [2] },
    ])
    expect([...lineage.heirs(1, isLive)]).toEqual([])
  })

  it('follows long histories', () => {
    const steps = Array.from({ length: 9999 }, (_, id) => ({
      replaced: -id,
      successors: [-id - 1],
    }))
    const lineage = new Lineage([...steps, { replaced: -9999, successors: [10] }])
    expect([...lineage.heirs(0, isLive)]).toEqual([10])
  })
})
