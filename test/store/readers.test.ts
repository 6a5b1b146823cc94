import { describe, expect, it } from 'vitest'
import { Readers } from '../../src/store/readers.ts'

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

describe('readers', () => {
  it('are waited for when they came before, and not when they came after', async () => {
    const readers = new Readers()
    expect(await isSettled(readers.drained())).toBe(true)
    const leaves = [readers.enter(), readers.enter()]
    const drained = readers.drained()
    const late = readers.enter()
    expect(readers.count).toBe(3)
    leaves[0]!()
    leaves[0]!()
    expect(await isSettled(drained)).toBe(false)
    leaves[1]!()
    expect(await isSettled(drained)).toBe(true)
    expect(await isSettled(readers.drained())).toBe(false)
    late()
    expect(readers.count).toBe(0)
  })
})
