import { describe, expect, it } from 'vitest'
import { crashModels } from '../../src/platform/crash-model.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LastingKv, openBed } from './catalog-bed.ts'
import { type CrashImage, imagesOf, options } from './crash-images.ts'
import { History } from './history.ts'

describe('a catalog after a crash', () => {
  for (const model of crashModels) {
    it(`holds what was acknowledged and nothing torn (${model})`, {
      timeout: 120_000,
    }, async () => {
      const [history, images] = await imagesOf(1, model)
      expect(images.length).toBeGreaterThan(60)
      for (const image of images) {
        for (const hasIndex of [true, false]) await assertRecovers(image, history, hasIndex)
      }
    })
  }

  it('survives one crash after another, and goes on from each', { timeout: 120_000 }, async () => {
    for (let seed = 10; seed < 22; seed++) {
      const random = new SeededRandom(seed)
      const history = new History(random)
      let fs = new MemoryFileSystem({ simulate: true })
      let kv = new LastingKv()
      for (let life = 0; life < 12; life++) {
        const bed = await openBed(fs, { kv: kv.open(), options, seed: seed * 100 + life })
        await history.assertHolds(bed.catalog, bed.segments)
        history.continueFrom(bed.catalog.sequence)
        const steps = random.below(8)
        for (let step = 0; step < steps; step++) await history.step(bed.catalog)
        // In the middle of a few commits.
        const last = Array.from({ length: 3 }, () => history.submit(bed.catalog))
        for (let turn = random.below(12); turn > 0; turn--) await new Promise(setImmediate)
        const model = random.pick(crashModels)
        const next = fs.crash({ model, seed: random.next() })
        const { acknowledged } = history
        kv = random.chance(0.8) ? await kv.fork()() : new LastingKv()
        await Promise.allSettled(last)
        await bed.kill()
        history.acknowledged = acknowledged
        fs = next
      }
    }
  })
})

async function assertRecovers(
  image: CrashImage,
  history: History,
  hasIndex: boolean,
): Promise<void> {
  const kv = hasIndex ? await image.forkKv() : new LastingKv()
  const fs = image.disks[hasIndex ? 0 : 1]
  const { acknowledged } = history
  history.acknowledged = image.acknowledged
  try {
    const bed = await openBed(fs, { kv: kv.open(), options, seed: 99 })
    await history.assertHolds(bed.catalog, bed.segments)
    const { sequence } = bed.catalog
    expect(bed.events.filter(({ event }) => event === 'finding')).toEqual([])
    await assertDurable(fs, sequence)
    await bed.catalog.commit({ puts: [{ key: Buffer.from('after'), value: Buffer.from('1') }] })
    expect(bed.catalog.sequence).toBe(sequence + 1)
    await bed[Symbol.asyncDispose]()

    const again = await openBed(fs, { kv: kv.open(), options, seed: 98 })
    expect(again.catalog.sequence).toBe(sequence + 1)
    expect(again.events.find(({ event }) => event === 'recovered')).toMatchObject({
      replayedCommitCount: 0,
    })
    await again[Symbol.asyncDispose]()
  } catch (error) {
    throw new Error(`${image.name}, ${hasIndex ? 'with' : 'without'} index`, { cause: error })
  } finally {
    history.acknowledged = acknowledged
  }
}

/** What a recovered catalog serves, a power loss just then does not take back. */
async function assertDurable(fs: MemoryFileSystem, sequence: number): Promise<void> {
  const bed = await openBed(fs.crash({ model: 'lose-all' }), { options, seed: 97 })
  expect(bed.catalog.sequence).toBe(sequence)
  await bed[Symbol.asyncDispose]()
}
