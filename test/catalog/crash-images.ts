import type { CrashModel } from '../../src/platform/crash-model.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LastingKv, openBed } from './catalog-bed.ts'
import { History } from './history.ts'

export const options = { segmentSizeMax: 3000, flushRowCount: 8 }

/** A disk as a crash could have left it, and what was known by then. */
export interface CrashImage {
  /** One disk for each recovery. */
  readonly disks: readonly [MemoryFileSystem, MemoryFileSystem]
  readonly forkKv: () => Promise<LastingKv>
  readonly acknowledged: number
  readonly name: string
}

/**
 * Runs a history and takes pictures of the disk before each operation, as it would be after a crash
 * just then.
 */
export async function imagesOf(seed: number, model: CrashModel): Promise<[History, CrashImage[]]> {
  const fs = new MemoryFileSystem({ simulate: true })
  const kv = new LastingKv()
  const random = new SeededRandom(seed)
  const history = new History(random)
  const bed = await openBed(fs, { kv: kv.open(), options, seed })
  const images: CrashImage[] = []
  fs.intercept(({ index, operation }) => {
    if (operation !== 'read' && operation !== 'stat') {
      images.push({
        disks: [fs.crash({ model, seed: index }), fs.crash({ model, seed: index + 1 })],
        forkKv: kv.fork(),
        acknowledged: history.acknowledged,
        name: `seed ${seed}, ${model}, before operation ${index} (${operation})`,
      })
    }
    return null
  })
  for (let step = 0; step < 25; step++) await history.step(bed.catalog)
  await bed[Symbol.asyncDispose]()
  return [history, images]
}
