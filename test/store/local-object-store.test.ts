import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { LocalObjectStore } from '../../src/store/local-object-store.ts'
import { objectStoreContract } from '../contracts/object-store.contract.ts'
import { checkInvariants } from './invariants.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'
import { MemoryCatalog } from './memory-catalog.ts'

objectStoreContract('over a catalog and an engine that are as lazy as allowed', async () => {
  const engine = new MemoryBlobStore()
  const catalog = new MemoryCatalog(engine)
  const parts = { catalog, engine, clock: systemClock, random: systemRandom }
  const store = await LocalObjectStore.open(parts)
  return {
    store,
    async audit() {
      await catalog.settled()
      checkInvariants(catalog)
    },
    close: () => catalog[Symbol.asyncDispose](),
  }
})
