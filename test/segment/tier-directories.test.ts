import { beforeEach, describe, expect, it } from 'vitest'
import { readFile, writeFileAtomically } from '../../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import {
  MARKER_FILE,
  TIERS_FILE,
  type TierDirectories,
} from '../../src/segment/tier-directories.ts'
import type { Place, Tier } from '../../src/segment/types.ts'
import { chunk, folder, openSegments, storeId } from './fixture.ts'

const tiers = { warm: '/disks/slow', cold: '/disks/cold' }

let fs: MemoryFileSystem
beforeEach(() => {
  fs = new MemoryFileSystem({ simulate: true })
})

async function writeInto(tier: Tier, wanted: TierDirectories = tiers): Promise<Place> {
  const segments = await openSegments(fs, { tiers: wanted })
  const writer = segments.createWriter({ kind: 'data', tier })
  const place = writer.append(chunk(tier))
  await writer.seal()
  await segments[Symbol.asyncDispose]()
  return place
}

async function refusal(wanted: TierDirectories): Promise<string> {
  const error = await openSegments(fs, { tiers: wanted }).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'SegmentError', kind: 'refused-tier' })
  return (error as Error).message
}

async function textOf(path: string): Promise<unknown> {
  return JSON.parse(String(await readFile(fs, path)))
}

/** Takes all files of a folder away, as a disk that is not mounted does. */
async function unmount(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const name of await fs.list(path)) {
    const file = `${path}/${name}`
    files.set(file, (await readFile(fs, file)) ?? Buffer.alloc(0))
    await fs.remove(file)
  }
  return files
}

async function mount(files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, bytes] of files) await writeFileAtomically(fs, path, bytes)
}

describe('directories of tiers', () => {
  it('are marked before anything lies in them, and remembered', async () => {
    await writeInto('warm')
    expect(await fs.list(tiers.warm)).toEqual(['00000001.seg', MARKER_FILE])
    expect(await textOf(`${tiers.warm}/${MARKER_FILE}`)).toEqual({
      format: 1,
      storeId,
      tier: 'warm',
    })
    expect(await textOf(`${folder}/${TIERS_FILE}`)).toEqual({ format: 1, tiers })
    expect(await fs.list(`${folder}/hot`)).toEqual([])
  })

  it('leave no trace where no tier is asked for', async () => {
    await (await openSegments(fs))[Symbol.asyncDispose]()
    expect(await fs.list(folder)).toEqual(['hot', 'journal', 'snapshots'])
  })

  it('are refused when their disk is not there, and taken again when it is', async () => {
    const place = await writeInto('cold')
    const files = await unmount(tiers.cold)
    expect(await refusal(tiers)).toMatch(/cold\/varve-tier.json is missing.*mounted\?$/)
    expect(await fs.list(tiers.cold)).toEqual([])
    await mount(files)
    const segments = await openSegments(fs, { tiers })
    expect((await segments.read(place)).payload.toString()).toBe('cold')
  })

  it('may be mounted elsewhere', async () => {
    const place = await writeInto('warm')
    const files = await unmount(tiers.warm)
    await fs.makeDirectory('/mnt/new')
    for (const [path, bytes] of files) {
      await writeFileAtomically(fs, path.replace(tiers.warm, '/mnt/new'), bytes)
    }
    const segments = await openSegments(fs, { tiers: { ...tiers, warm: '/mnt/new' } })
    expect((await segments.read(place)).payload.toString()).toBe('warm')
    expect(await textOf(`${folder}/${TIERS_FILE}`)).toMatchObject({ tiers: { warm: '/mnt/new' } })
  })

  it('are not forgotten while data lies in them, or may', async () => {
    await writeInto('warm')
    expect(await refusal({ cold: tiers.cold })).toMatch(/no setting names it: data lies there$/)
    await unmount(tiers.warm)
    expect(await refusal({ cold: tiers.cold })).toMatch(/its disk is not mounted$/)
  })

  it('can be given up when they are empty', async () => {
    await (await openSegments(fs, { tiers }))[Symbol.asyncDispose]()
    const segments = await openSegments(fs, { tiers: { warm: tiers.warm } })
    expect(segments.tiers).toEqual(['hot', 'warm'])
    expect(await textOf(`${folder}/${TIERS_FILE}`)).toMatchObject({ tiers: { warm: tiers.warm } })
  })

  it('are refused when they are another store’s, another tier’s, or used', async () => {
    await writeInto('warm')
    expect(await refusal({ warm: tiers.warm, cold: tiers.warm })).toMatch(/is the warm tier/)
    const other = { fs, directory: '/other', storeId: storeId.replace('0', '1'), tiers }
    const clock = { now: () => 1 }
    const random = { bytes: (size: number) => Buffer.alloc(size) }
    await expect(LocalSegments.open({ ...other, clock, random })).rejects.toThrow(/another store/)
    const directories = ['/data', '/data/hot', '/data/../data/journal/', '/data/snapshots']
    for (const cold of directories) {
      const fresh = new MemoryFileSystem()
      await expect(openSegments(fresh, { tiers: { cold } })).rejects.toThrow(/of its own/)
    }
    await fs.remove(`${tiers.warm}/${MARKER_FILE}`)
    await fs.remove(`${folder}/${TIERS_FILE}`)
    expect(await refusal(tiers)).toMatch(/holds segments and no varve-tier.json/)
  })

  it.each(['{', '[]', '{"format":2}', '{"format":1}', '{"format":1,"tiers":{"hot":"/x"}}'])(
    'are refused when what says so is damaged: %s',
    async (text) => {
      await writeInto('warm')
      await writeFileAtomically(fs, `${folder}/${TIERS_FILE}`, Buffer.from(text))
      expect(await refusal(tiers)).toContain(`${folder}/${TIERS_FILE}`)
      await fs.remove(`${folder}/${TIERS_FILE}`)
      await writeFileAtomically(fs, `${tiers.warm}/${MARKER_FILE}`, Buffer.from(text))
      expect(await refusal(tiers)).toContain(`${tiers.warm}/${MARKER_FILE}`)
    },
  )

  it('take no new segment when their disk went away meanwhile', async () => {
    const segments = await openSegments(fs, { tiers })
    const files = await unmount(tiers.warm)
    const writer = segments.createWriter({ kind: 'data', tier: 'warm' })
    writer.append(chunk('lost'))
    await expect(writer.sync()).rejects.toMatchObject({
      kind: 'abandoned',
      cause: { kind: 'refused-tier' },
    })
    expect(await fs.list(tiers.warm)).toEqual([])
    await mount(files)
    const next = segments.createWriter({ kind: 'data', tier: 'warm' })
    next.append(chunk('kept'))
    await next.sync()
  })

  it('are whole or not there, wherever the first use of them is cut short', async () => {
    const images: MemoryFileSystem[] = []
    fs.intercept(({ index }) => {
      for (const model of ['lose-all', 'keep-all', 'subset'] as const) {
        images.push(fs.crash({ model, seed: index }))
      }
      return null
    })
    await writeInto('warm')
    fs.intercept(null)
    expect(images.length).toBeGreaterThan(50)
    for (const image of images) {
      const segments = await openSegments(image, { tiers, seed: 2 })
      const writer = segments.createWriter({ kind: 'data', tier: 'warm' })
      writer.append(chunk('after'))
      await writer.seal()
      expect(segments.findings).toEqual([])
      await segments[Symbol.asyncDispose]()
    }
  })

  it('leave alone what is not theirs', async () => {
    await fs.makeDirectory(tiers.warm)
    await writeFileAtomically(fs, `${tiers.warm}/mine.txt`, Buffer.from('x'))
    const handle = await fs.open(`${tiers.warm}/draft.tmp`, 'create')
    await handle.close()
    await writeInto('warm')
    await (await openSegments(fs, { tiers }))[Symbol.asyncDispose]()
    expect(await fs.list(tiers.warm)).toEqual([
      '00000001.seg',
      'draft.tmp',
      'mine.txt',
      MARKER_FILE,
    ])
  })

  it('name the file that has the id of another one, and serve the better', async () => {
    const place = await writeInto('warm')
    const file = '00000001.seg'
    const bytes = await readFile(fs, `${tiers.warm}/${file}`)
    await writeFileAtomically(fs, `${folder}/hot/${file}`, bytes!.subarray(0, bytes!.length - 40))
    const segments = await openSegments(fs, { tiers })
    expect((await segments.read(place)).payload.toString()).toBe('warm')
    expect(segments.list('data')).toMatchObject([{ tier: 'warm', state: 'sealed' }])
    expect(segments.findings).toEqual([
      { file: `${folder}/hot/${file}`, offset: 0, field: 'segment id of another file' },
    ])
  })
})
