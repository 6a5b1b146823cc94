import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LmdbKv } from '../../src/catalog/kv/lmdb-kv.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import { catalogContract } from '../contracts/catalog.contract.ts'
import { type Bed, LastingKv, openBed, storeId } from './catalog-bed.ts'

catalogContract('LocalCatalog in memory', async () => {
  const fs = new MemoryFileSystem()
  const kv = new LastingKv()
  const open = () => openBed(fs, { kv: kv.open(), options: { segmentSizeMax: 4096 } })
  return fixtureOf(await open(), open)
})

catalogContract('LocalCatalog on disk', async () => {
  const fileSystem = new NodeFileSystem()
  const directory = await mkdtemp(join(tmpdir(), 'varve-catalog-'))
  const path = join(directory, 'index')
  const open = async () => {
    const kv = await LmdbKv.open({ fileSystem, path, storeId })
    return openBed(fileSystem, { kv, directory, options: { automatic: true } })
  }
  const fixture = fixtureOf(await open(), open)
  return {
    ...fixture,
    dispose: async () => {
      await fixture.dispose()
      await rm(directory, { recursive: true })
    },
  }
})

function fixtureOf(first: Bed, open: () => Promise<Bed>) {
  let bed = first
  return {
    catalog: bed.catalog,
    reopen: async () => {
      await bed[Symbol.asyncDispose]()
      bed = await open()
      return bed.catalog
    },
    read: (place: { segment: number; offset: number }) => bed.segments.read(place),
    dispose: async () => bed[Symbol.asyncDispose](),
  }
}
