import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import {
  bucket,
  copy,
  failure,
  get,
  keysOf,
  neverAborted,
  noise,
  put,
  remove,
  UploadClient,
} from '../store-requests.ts'
import { type CompactionBed, openCompactionBed } from './compaction-bed.ts'

type Operation =
  | { readonly kind: 'put'; readonly at: string; readonly size: number; readonly seed: number }
  | { readonly kind: 'delete'; readonly at: string }
  | { readonly kind: 'copy'; readonly from: string; readonly at: string }
  | { readonly kind: 'upload'; readonly at: string; readonly sizes: readonly number[] }
  | { readonly kind: 'compact' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'crash'; readonly model: 'lose-all' | 'torn' | 'kill' }

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const size = fc.constantFrom(0, 10, 256, 257, 1024, 3000, 5000, 9000)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('put'), at: name, size, seed: fc.nat(99) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete'), at: name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('copy'), from: name, at: name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('upload'),
      at: name,
      sizes: fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('compact') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash'),
      model: fc.constantFrom('lose-all', 'torn', 'kill'),
    }),
  },
)

/** Of a run cut short by the clock, what was run counts. */
const limits = { interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false }

/** A store, the disk below it, and what it must hold. */
class Run {
  #fs = new MemoryFileSystem({ simulate: true })
  #seed = 1
  readonly model = new Map<string, Buffer>()
  compactedCount = 0
  bed!: CompactionBed

  async open(): Promise<void> {
    this.bed = await openCompactionBed(this.#fs, { journal: true, seed: this.#seed++ })
  }

  async perform(step: Operation): Promise<void> {
    const { store } = this.bed
    switch (step.kind) {
      case 'put': {
        const bytes = noise(step.size, step.seed)
        await put(store, step.at, bytes)
        this.model.set(step.at, bytes)
        break
      }
      case 'delete':
        await remove(store, step.at)
        this.model.delete(step.at)
        break
      case 'copy':
        if ((await failure(copy(store, step.from, step.at))) !== 'succeeded') break
        this.model.set(step.at, this.model.get(step.from)!)
        break
      case 'upload':
        await this.#upload(step)
        break
      case 'compact':
        if (await this.bed.compaction.step(neverAborted)) this.compactedCount += 1
        await this.bed.compaction.removed()
        break
      case 'restart':
        await this.bed.close()
        await this.open()
        break
      case 'crash': {
        const crashed = this.#fs.crash({ model: step.model, seed: this.#seed })
        await this.bed.close()
        this.#fs = crashed
        await this.open()
        break
      }
    }
  }

  async #upload({ at, sizes }: Operation & { kind: 'upload' }): Promise<void> {
    const upload = await UploadClient.start(this.bed.store, at)
    await upload.part(1, noise(2000, 98))
    const bodies = sizes.map((length, index) => noise(length, index))
    const parts = await Promise.all(bodies.map((bytes, index) => upload.part(index + 1, bytes)))
    await upload.complete(parts)
    this.model.set(at, Buffer.concat(bodies))
  }

  async compare(): Promise<void> {
    expect(await keysOf(this.bed.store)).toEqual([...this.model.keys()].sort())
    for (const [key, bytes] of this.model) {
      expect((await get(this.bed.store, key)).equals(bytes)).toBe(true)
    }
    const failed = this.bed.events.filter(
      ({ event }) => event !== 'compacted' && event !== 'segment-removed',
    )
    expect(failed).toEqual([])
    expect(this.bed.segments.findings).toEqual([])
  }
}

describe('random histories with compaction', { timeout: 240_000 }, () => {
  it('hold what a map would, and records that agree with the rows', async () => {
    let compactedCount = 0
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 60 }), async (history) => {
        const run = new Run()
        await run.open()
        await run.bed.store.createBucket(bucket, { region: 'x' })
        for (const step of history) {
          await run.perform(step)
          if (step.kind === 'put' || step.kind === 'delete') continue
          await run.bed.audit()
          await run.compare()
        }
        await run.bed.compactAll()
        await run.bed.audit()
        await run.compare()
        compactedCount += run.compactedCount
        await run.bed.close()
      }),
      { numRuns: 60, ...limits },
    )
    expect(compactedCount).toBeGreaterThan(10)
  })

  it('hold what a map would when clients write while segments are moved', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (steps) => {
        const run = new Run()
        await run.open()
        await run.bed.store.createBucket(bucket, { region: 'x' })
        let isDone = false
        const compacting = (async () => {
          while (!isDone) {
            await run.bed.compaction.step(neverAborted)
            await new Promise((resolve) => setImmediate(resolve))
          }
        })()
        for (const step of steps) {
          if (['put', 'delete', 'copy', 'upload'].includes(step.kind)) await run.perform(step)
        }
        isDone = true
        await compacting
        await run.bed.compaction.removed()
        await run.bed.audit()
        await run.compare()
        await run.bed.close()
      }),
      { numRuns: 80, ...limits },
    )
  })
})
