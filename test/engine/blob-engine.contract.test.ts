import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobEngine } from '../../src/engine/blob-engine.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import {
  type BlobStoreFixture,
  CONTRACT_CHUNK_SIZE,
  describeBlobStore,
} from '../contracts/blob-store.contract.ts'

async function fixtureOn(
  fs: FileSystem,
  directory: string,
  cleanUp: () => Promise<void>,
): Promise<BlobStoreFixture> {
  const openBoth = async () => {
    const segments = await LocalSegments.open({
      fs,
      directory,
      storeId: '00112233-4455-6677-8899-aabbccddeeff',
      clock: systemClock,
      random: systemRandom,
    })
    const options = { chunkSizeMax: CONTRACT_CHUNK_SIZE, segmentSizeMax: 16 * 1024 }
    return { segments, engine: await BlobEngine.open({ segments, options }) }
  }
  let current = await openBoth()
  const closeBoth = async () => {
    await current.engine[Symbol.asyncDispose]()
    await current.segments[Symbol.asyncDispose]()
  }
  return {
    store: current.engine,
    reopen: async () => {
      await closeBoth()
      current = await openBoth()
      return current.engine
    },
    close: async () => {
      await closeBoth()
      await cleanUp()
    },
  }
}

describeBlobStore('BlobEngine in memory', () =>
  fixtureOn(new MemoryFileSystem(), '/data', async () => {}),
)

describeBlobStore('BlobEngine on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'varve-engine-'))
  return fixtureOn(new NodeFileSystem(), directory, () => rm(directory, { recursive: true }))
})
