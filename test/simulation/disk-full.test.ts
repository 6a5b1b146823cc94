import { describe, expect, it } from 'vitest'
import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { checkInvariants } from '../store/invariants.ts'
import { check, expectationOf } from './expectation.ts'
import { Machine } from './machine.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import type { Stack } from './stack.ts'
import type { Step } from './step.ts'
import { readState } from './store-state.ts'

const CAPACITY = 200_000
const BALLAST_SIZE = 60_000
const ROUND_COUNT = 6
const RESUME_MS_MAX = 5000
const BUCKET = 'full'

describe('on a disk that fills up', () => {
  it('writes are refused, reads go on, nothing acknowledged is lost, and writes resume', async () => {
    const run = await FullDiskRun.start()
    let refused = 0
    for (let round = 0; round < ROUND_COUNT; round++) {
      await run.placeBallast()
      refused += await run.fill()
      await run.checkAll()
      // Attempts on a full disk leave nothing behind that keeps it full.
      const { freeSize } = await run.machine.fs.space('/')
      for (let attempt = 0; attempt < 15; attempt++) refused += await run.put(20_000)
      const after = await run.machine.fs.space('/')
      expect(freeSize - after.freeSize).toBeLessThan(2000)
      await run.machine.fs.remove('/ballast')
      await run.resume()
      await run.checkAll()
    }
    expect(refused).toBeGreaterThan(ROUND_COUNT * 15)
    await run.stack.close()
  })

  it('opens, reads and survives a crash without a byte to spare', async () => {
    const run = await FullDiskRun.start()
    await run.fill()
    const { fs } = run.machine
    await fillUp(fs)
    await run.stack.close()
    run.stack = await run.machine.open()
    await run.checkAll()
    await run.stack.close()
  })
})

class FullDiskRun {
  readonly machine: Machine
  stack: Stack
  readonly #model = new ReferenceModel()
  #putCount = 0

  private constructor(machine: Machine, stack: Stack) {
    this.machine = machine
    this.stack = stack
  }

  static async start(): Promise<FullDiskRun> {
    const machine = new Machine({ seed: 3, capacity: CAPACITY })
    const run = new FullDiskRun(machine, await machine.open())
    await run.#step({ kind: 'create-bucket', bucket: BUCKET })
    return run
  }

  async placeBallast(): Promise<void> {
    const { fs } = this.machine
    const { freeSize } = await fs.space('/')
    await using ballast = await fs.open('/ballast', 'create')
    await ballast.write([Buffer.alloc(Math.min(BALLAST_SIZE, freeSize))], 0)
  }

  /** Writes until the disk is full, large and small; resolves with the number of refusals. */
  async fill(): Promise<number> {
    let refused = 0
    for (const size of [9000, 3000, 1000, 200, 50]) {
      for (let tries = 0; tries < 200; tries++) {
        if ((await this.put(size)) === 0) continue
        refused++
        break
      }
    }
    return refused
  }

  /** 1 when the store refused it. */
  async put(size: number): Promise<number> {
    const seed = 700_000 + 2 * this.#putCount++
    const key = `k${this.#putCount % 7}`
    const body = { seed, size }
    return this.#step({ kind: 'put', bucket: BUCKET, key, body, mark: `f${seed}` })
  }

  async resume(): Promise<void> {
    const until = Date.now() + RESUME_MS_MAX
    for (const size of [100, 5000]) {
      while ((await this.put(size)) > 0) {
        if (Date.now() > until) throw new Error('writes did not resume')
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  async checkAll(): Promise<void> {
    await this.#check(this.stack)
    for (const model of ['lose-all', 'torn', 'kill'] as const) {
      const image = this.machine.crash({ model, seed: this.#putCount, index: 'lost' })
      const stack = await image.open()
      await this.#check(stack)
      await stack.close()
    }
  }

  async #step(step: Step): Promise<number> {
    const runner = new RoundRunner(this.stack.store, this.#model, { mayFail: true })
    return (await runner.run([step], () => {})).length
  }

  async #check({ store, catalog }: Stack): Promise<void> {
    const problems = check(await readState(store), expectationOf(this.#model))
    expect(problems).toEqual([])
    checkInvariants(catalog)
  }
}

async function fillUp(fs: MemoryFileSystem): Promise<void> {
  await using file = await fs.open('/rest', 'create')
  const { freeSize } = await fs.space('/')
  await file.write([Buffer.alloc(freeSize)], 0)
  await expect(file.write([Buffer.alloc(1)], freeSize)).rejects.toMatchObject({ code: 'ENOSPC' })
}
