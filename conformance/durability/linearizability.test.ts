/** 64 clients on the same keys, kill -9 under way: every key is one register, for GET and LIST. */
import { describe, expect, it } from 'vitest'
import { runRegisters } from './register-run.ts'

/** Most of them ask more than once: it comes to more than a hundred thousand answers. */
const operationCount = Number(process.env['VARVE_REGISTER_OPERATIONS'] ?? 70_000)
const ANSWERS_PER_OPERATION_MIN = 100 / 70
const seed = Number(process.env['VARVE_REGISTER_SEED'] ?? Date.now() % 2 ** 31)

describe('clients that fight over keys of a server that is killed', () => {
  it(`see one register each: ${operationCount} operations, seed ${seed}`, {
    timeout: 120_000 + operationCount * 10,
  }, async () => {
    const killCount = Math.max(4, Math.round(operationCount / 5000))
    const result = await runRegisters({
      operationCount,
      seed,
      killCount,
      clientCount: 64,
      keyCount: 150,
    })
    const { violation, ...counts } = result
    console.info(`linearizability, seed ${seed}: ${JSON.stringify(counts)}`)
    expect(violation).toBeNull()
    expect(counts.answeredCount).toBeGreaterThan(operationCount * ANSWERS_PER_OPERATION_MIN)
    expect(counts.listCount).toBeGreaterThan(killCount)
  })
})
