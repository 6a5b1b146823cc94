/** The store over the real catalog and engine, on a file system in memory. */

import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { LocalCatalog } from '../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import type { StoreOptions } from '../../src/store/store-context.ts'
import type { StoreSubject } from '../contracts/object-store/subject.ts'
import { checkInvariants } from './invariants.ts'

const storeId = '6f2c1d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f'
const MIB = 1024 * 1024

export interface RealSubject extends StoreSubject {
  readonly fs: MemoryFileSystem
}

export async function openRealStore(
  fs: MemoryFileSystem = new MemoryFileSystem(),
  options: Partial<StoreOptions> = {},
): Promise<RealSubject> {
  const ground = { clock: systemClock, random: systemRandom }
  const tiers = { warm: '/warm', cold: '/cold' }
  const segments = await LocalSegments.open({ fs, directory: '/data', storeId, tiers, ...ground })
  const kv = new MemoryKv()
  const catalog = await LocalCatalog.open({
    segments,
    kv,
    clock: systemClock,
    // Small enough that a test crosses the border between journal segments.
    options: { segmentSizeMax: 4 * MIB },
  })
  const engine = await BlobEngine.open({ segments, options: { segmentSizeMax: 16 * MIB } })
  const store = await LocalObjectStore.open({ catalog, engine, ...ground, options })
  return {
    fs,
    store,
    async audit() {
      await catalog.settled()
      checkInvariants(catalog)
    },
    async close() {
      await engine[Symbol.asyncDispose]()
      await catalog[Symbol.asyncDispose]()
      await segments[Symbol.asyncDispose]()
    },
  }
}
