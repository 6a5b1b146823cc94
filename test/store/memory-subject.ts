/** A store over memory that is as lazy as allowed, whose every blob is accounted for. */
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import type { StoreOptions } from '../../src/store/store-context.ts'
import type { StoreSubject } from '../contracts/object-store/subject.ts'
import { checkInvariants } from './invariants.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'
import { MemoryCatalog } from './memory-catalog.ts'

export interface MemorySubject extends StoreSubject {
  readonly catalog: MemoryCatalog
  readonly engine: MemoryBlobStore
}

export async function openMemoryStore(options: Partial<StoreOptions> = {}): Promise<MemorySubject> {
  const engine = new MemoryBlobStore({ tiers: ['hot', 'warm', 'cold'] })
  const catalog = new MemoryCatalog(engine)
  const parts = { catalog, engine, clock: systemClock, random: systemRandom, options }
  const store = await LocalObjectStore.open(parts)
  return {
    store,
    catalog,
    engine,
    async audit() {
      await catalog.settled()
      requireAccounted(catalog, engine)
    },
    close: () => catalog[Symbol.asyncDispose](),
  }
}

/** Exact liveness: every blob there is has a name or is garbage, and nothing else has either. */
function requireAccounted(catalog: MemoryCatalog, engine: MemoryBlobStore): void {
  const { named, garbage } = checkInvariants(catalog)
  const dead = [...garbage.keys()].map((key) => key.slice(key.indexOf('/') + 1))
  const accounted = new Set([...named.keys(), ...dead])
  const stored = engine.blobs
  const lost = [...stored].filter((blob) => !accounted.has(blob))
  const invented = [...accounted].filter((blob) => !stored.has(blob))
  if (lost.length + invented.length > 0) {
    throw new Error(`blobs not accounted for: ${lost}; accounted for and not there: ${invented}`)
  }
}
