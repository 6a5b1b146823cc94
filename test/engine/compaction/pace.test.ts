import { describe, expect, it } from 'vitest'
import { Pace, pause } from '../../../src/engine/compaction/pace.ts'

const KIB = 1024
const never = new AbortController().signal

async function timeOf(pace: Pace, size: number): Promise<number> {
  const startedAt = performance.now()
  for (let spent = 0; spent < size; spent += 64 * KIB) await pace.spend(64 * KIB, never)
  return performance.now() - startedAt
}

describe('pace', () => {
  it('holds work to its rate, and to a quarter of it beside requests', async () => {
    let isBusy = false
    const pace = new Pace({ bytesPerSecond: 4096 * KIB, isBusy: () => isBusy })
    const alone = await timeOf(pace, 1024 * KIB)
    expect(alone).toBeGreaterThan(220)
    isBusy = true
    expect(await timeOf(pace, 512 * KIB)).toBeGreaterThan(450)
  })

  it('lets the event loop turn where there is no rate', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const pace = new Pace({ bytesPerSecond: 0, isBusy: () => false })
    while (turns < 3) await pace.spend(64 * KIB, never)
    clearInterval(timer)
    expect(turns).toBe(3)
  })

  it('ends with the reason of an abort, waiting or not', async () => {
    const stopping = new AbortController()
    const waiting = pause(60_000, stopping.signal)
    stopping.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
    const pace = new Pace({ bytesPerSecond: 0, isBusy: () => false })
    await expect(pace.spend(1, stopping.signal)).rejects.toThrow('stopped')
  })
})
