import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { MirroredFileSystem } from '../../src/platform/mirror/mirrored-file-system.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import type { LocalSegments } from '../../src/segment/local-segments.ts'
import { describeSegments, type SegmentsFixture } from '../contracts/segments.contract.ts'
import { openMirror } from '../platform/mirror/mirror-bed.ts'
import { openSegments } from './fixture.ts'

async function fixtureOn(
  fs: FileSystem,
  directory: string,
  cleanUp: () => Promise<void>,
): Promise<SegmentsFixture> {
  let seed = 1
  const tiers = { warm: `${directory}/on/another`, cold: `${directory}-cold` }
  const mirror = fs instanceof MirroredFileSystem ? { mirror: fs } : {}
  const open = (): Promise<LocalSegments> =>
    openSegments(fs, { directory, tiers, seed: seed++, ...mirror })
  let current = await open()
  return {
    segments: current,
    reopen: async () => {
      await current[Symbol.asyncDispose]()
      current = await open()
      return current
    },
    close: async () => {
      await current[Symbol.asyncDispose]()
      await cleanUp()
    },
  }
}

describeSegments('LocalSegments in memory', () =>
  fixtureOn(new MemoryFileSystem(), '/data', async () => {}),
)

describeSegments('LocalSegments on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'varve-segments-'))
  return fixtureOn(new NodeFileSystem(), directory, async () => {
    await rm(directory, { recursive: true })
    await rm(`${directory}-cold`, { recursive: true })
  })
})

describeSegments('LocalSegments on two disks', async () => {
  const disks = ['/data', '/other'].map((directory) => ({ directory, fs: new MemoryFileSystem() }))
  for (const { fs, directory } of disks) await fs.makeDirectory(directory)
  const mirror = await openMirror(disks)
  return fixtureOn(mirror.fileSystem, '/data', () => mirror[Symbol.asyncDispose]())
})
