import { describe, expect, it } from 'vitest'
import { EndOfTurn } from '../../src/http/end-of-turn.ts'

describe('the end of a turn', () => {
  it('comes after all that was to be done, in order', async () => {
    const endOfTurn = new EndOfTurn()
    const done: string[] = []
    const first = endOfTurn.come().then(() => done.push('first reply'))
    await Promise.resolve()
    done.push('another request')
    const second = endOfTurn.come().then(() => done.push('second reply'))
    await new Promise((resolve) => process.nextTick(resolve))
    expect(done).toEqual(['another request'])
    await Promise.all([first, second])
    expect(done).toEqual(['another request', 'first reply', 'second reply'])
  })

  it('is followed by another', async () => {
    const endOfTurn = new EndOfTurn()
    for (let turn = 0; turn < 3; turn++) await endOfTurn.come()
  })

  it('is waited for by 64 at the most', async () => {
    const endOfTurn = new EndOfTurn()
    let count = 0
    const all = Array.from({ length: 130 }, () => endOfTurn.come().then(() => count++))
    await Promise.all(all.slice(0, 128))
    expect(count).toBe(128)
    await Promise.all(all)
  })
})
