import { describe, expect, it } from 'vitest'
import { EachStep } from '../../src/segment/each-step.ts'
import type { ScanStep } from '../../src/segment/segments.ts'

const torn = (start: number): ScanStep => ({ step: 'torn', start, end: start + 8 })

function batches(sizes: readonly number[]) {
  const state = { isClosed: false, begun: 0 }
  async function* generate(): AsyncGenerator<readonly ScanStep[]> {
    try {
      let next = 0
      for (const size of sizes) {
        state.begun++
        yield Array.from({ length: size }, () => torn(next++))
      }
    } finally {
      state.isClosed = true
    }
  }
  return { state, steps: new EachStep(generate()) }
}

describe('each step of a scan', () => {
  it('comes once and in order, however the batches fall', async () => {
    const { state, steps } = batches([0, 2, 0, 0, 1, 3, 0])
    const starts: number[] = []
    for await (const step of steps) if (step.step === 'torn') starts.push(step.start)
    expect(starts).toEqual([0, 1, 2, 3, 4, 5])
    expect(state.isClosed).toBe(true)
  })

  it('is read no further than it is asked for, and lets go of what was opened', async () => {
    const { state, steps } = batches([2, 2])
    for await (const _ of steps) break
    expect(state).toEqual({ isClosed: true, begun: 1 })
  })
})
