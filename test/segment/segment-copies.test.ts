import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import type { MirrorEvent } from '../../src/platform/mirror/mirror-copies.ts'
import type { OpenMirror } from '../../src/platform/mirror/open-mirror.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import type { Place } from '../../src/segment/types.ts'
import { type Disk, openMirror } from '../platform/mirror/mirror-bed.ts'
import { appendAll, chunk, collect, outline } from './fixture.ts'

const STORE_ID = '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37'
const contents = ['one', 'two '.repeat(500), 'three', 'four '.repeat(3000), 'five']
let seed = 1

class Bed implements AsyncDisposable {
  readonly disks: readonly Disk[]
  readonly mirror: OpenMirror
  readonly segments: LocalSegments
  readonly events: MirrorEvent[]

  private constructor(parts: Pick<Bed, 'disks' | 'mirror' | 'segments' | 'events'>) {
    this.disks = parts.disks
    this.mirror = parts.mirror
    this.segments = parts.segments
    this.events = parts.events
  }

  static async open(disks?: readonly Disk[]): Promise<Bed> {
    const on = disks ?? [await disk('/a'), await disk('/b')]
    const events: MirrorEvent[] = []
    const mirror = await openMirror(on, { events })
    const segments = await LocalSegments.open({
      fs: mirror.fileSystem,
      mirror: mirror.fileSystem,
      directory: '/a',
      storeId: STORE_ID,
      clock: systemClock,
      random: new SeededRandom(seed++),
    })
    return new Bed({ disks: on, mirror, segments, events })
  }

  /** The same disks after the process has closed, or a power loss of each by itself. */
  async reopen(): Promise<Bed> {
    await this[Symbol.asyncDispose]()
    return Bed.open(this.disks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.segments[Symbol.asyncDispose]()
    await this.mirror[Symbol.asyncDispose]()
  }
}

async function disk(directory: string): Promise<Disk> {
  const fs = new MemoryFileSystem({ simulate: true })
  await fs.makeDirectory(directory)
  return { fs, directory }
}

async function bytesOn({ fs, directory }: Disk, name: string): Promise<Buffer> {
  await using file = await fs.open(`${directory}/${name}`, 'read')
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  return bytes
}

async function flip({ fs, directory }: Disk, name: string, offset: number): Promise<void> {
  await using file = await fs.open(`${directory}/${name}`, 'update')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0 + offset)
  byte[0] = (byte[0] ?? 0) ^ 0x10
  await file.write([byte], offset)
}

const NAME = 'hot/00000001.seg'

async function sealed(bed: Bed): Promise<readonly Place[]> {
  const writer = bed.segments.createWriter({ kind: 'data' })
  const places = appendAll(writer, contents)
  await writer.sync()
  await writer.seal()
  return places
}

async function expectAll({ segments }: Bed, places: readonly Place[]): Promise<void> {
  for (const [index, place] of places.entries()) {
    expect((await segments.read(place)).payload.toString()).toBe(contents[index])
    expect((await segments.find(1, { blob: place, number: 0 })).place).toEqual(place)
  }
  expect(outline(await collect(segments.scan(1, { payloads: true })))).toEqual(contents)
  expect(segments.findings).toEqual([])
}

describe('segments on two disks', () => {
  it('are the same bytes on both', async () => {
    await using bed = await Bed.open()
    await sealed(bed)
    const [first, second] = bed.disks as [Disk, Disk]
    const bytes = await bytesOn(first, NAME)
    expect(bytes.length).toBeGreaterThan(15_000)
    expect((await bytesOn(second, NAME)).equals(bytes)).toBe(true)
  })

  it.each([0, 1])('serve and mend a flipped bit anywhere in copy %i', async (index) => {
    const size = await withBed(async (bed) => {
      await sealed(bed)
      return (await bytesOn(bed.disks[0]!, NAME)).length
    })
    for (let offset = 0; offset < size; offset += offset < 200 || offset > size - 400 ? 7 : 331) {
      await withBed(async (bed) => {
        const places = await sealed(bed)
        const whole = await bytesOn(bed.disks[0]!, NAME)
        await flip(bed.disks[index]!, NAME, offset)
        await expectAll(bed, places)
        const again = await bed.reopen()
        await expectAll(again, places)
        await again.segments.mend(1)
        const [one, other] = again.disks as [Disk, Disk]
        const mended = await bytesOn(one, NAME)
        expect((await bytesOn(other, NAME)).equals(mended), `${offset}`).toBe(true)
        // Padding has no checksum, and needs none: either copy of it is good.
        if (!mended.equals(whole)) expect(isPadding(places, offset), `${offset}`).toBe(true)
        expect(await again.segments.mend(1)).toBe(0)
        await again[Symbol.asyncDispose]()
      })
    }
  })

  it('mend decay in other places of both copies, each from the other', async () => {
    await withBed(async (bed) => {
      const places = await sealed(bed)
      const whole = await bytesOn(bed.disks[0]!, NAME)
      for (const [index, { offset }] of places.entries()) {
        await flip(bed.disks[index % 2]!, NAME, offset + 50)
      }
      await expectAll(bed, places)
      // What decayed in the copy that nobody reads is found by this only.
      expect(await bed.segments.mend(1)).toBe(2)
      expect(await bed.segments.mend(1)).toBe(0)
      for (const each of bed.disks) expect((await bytesOn(each, NAME)).equals(whole)).toBe(true)
      expect(bed.events.filter(({ event }) => event === 'copy-repaired')).toHaveLength(5)
    })
  })

  it('write anew at once what a read found damaged', async () => {
    await withBed(async (bed) => {
      const places = await sealed(bed)
      const whole = await bytesOn(bed.disks[0]!, NAME)
      await flip(bed.disks[0]!, NAME, places[1]!.offset + 60)
      expect((await bed.segments.read(places[1]!)).payload.toString()).toBe(contents[1])
      expect((await bytesOn(bed.disks[0]!, NAME)).equals(whole)).toBe(true)
      expect(bed.segments.findings).toEqual([])
    })
  })

  it('tell what decayed in the same place of both, and serve the rest', async () => {
    await withBed(async (bed) => {
      const places = await sealed(bed)
      for (const each of bed.disks) await flip(each, NAME, places[2]!.offset + 50)
      await expect(bed.segments.read(places[2]!)).rejects.toMatchObject({ kind: 'corruption' })
      expect((await bed.segments.read(places[3]!)).payload.toString()).toBe(contents[3])
      expect(bed.segments.findings).toHaveLength(1)
      await bed.segments.mend(1)
      await expect(bed.segments.read(places[2]!)).rejects.toMatchObject({ kind: 'corruption' })
    })
  })

  it.each([0, 1])('make a copy that is missing anew: %i', async (index) => {
    await withBed(async (bed) => {
      const places = await sealed(bed)
      const gone = bed.disks[index]!
      const whole = await bytesOn(gone, NAME)
      await gone.fs.remove(`${gone.directory}/${NAME}`)
      await expectAll(bed, places)
      expect(await bed.segments.mend(1)).toBeGreaterThan(0)
      expect((await bytesOn(gone, NAME)).equals(whole)).toBe(true)
      await gone.fs.remove(`${gone.directory}/${NAME}`)
      const again = await bed.reopen()
      await expectAll(again, places)
      expect((await bytesOn(gone, NAME)).equals(whole)).toBe(true)
      await again[Symbol.asyncDispose]()
    })
  })

  it('mend a segment that is being written, up to what is durable', async () => {
    await withBed(async (bed) => {
      const writer = bed.segments.createWriter({ kind: 'data' })
      const places = appendAll(writer, contents)
      await writer.sync()
      for (const { offset } of places) await flip(bed.disks[1]!, NAME, offset + 49)
      writer.append(chunk('more'))
      await writer.write()
      expect(await bed.segments.mend(1)).toBe(5)
      expect(await bed.segments.mend(1)).toBe(0)
      await writer.seal()
      const [first, second] = bed.disks as [Disk, Disk]
      expect((await bytesOn(first, NAME)).equals(await bytesOn(second, NAME))).toBe(true)
    })
  })
})

function isPadding(places: readonly Place[], at: number): boolean {
  return places.some(({ offset }, index) => {
    const end = offset + 48 + (contents[index]?.length ?? 0)
    return at >= end && at < Math.ceil(end / 8) * 8
  })
}

async function withBed<Result>(action: (bed: Bed) => Promise<Result>): Promise<Result> {
  const bed = await Bed.open()
  try {
    return await action(bed)
  } finally {
    await bed[Symbol.asyncDispose]()
  }
}

describe('after a power loss of two disks at any moment', () => {
  const models = ['lose-all', 'keep-all', 'subset', 'torn'] as const

  it('both are alike again, with everything that was acknowledged', async () => {
    let imageCount = 0
    const disks = [await disk('/a'), await disk('/b')] as const
    const bed = await Bed.open(disks)
    const acknowledged: { place: Place; text: string }[] = []
    const images: { readonly disks: Disk[]; readonly count: number; readonly name: string }[] = []
    let busy = false
    for (const [which, each] of disks.entries()) {
      each.fs.intercept(({ operation, index }) => {
        if (busy || operation === 'read' || operation === 'stat') return null
        busy = true
        for (const [round, model] of models.entries()) {
          const other = models[(index + round) % models.length]!
          images.push({
            disks: disks.map(({ fs, directory }, at) => ({
              directory,
              fs: fs.crash({ model: at === which ? model : other, seed: index * 8 + round + at }),
            })),
            count: acknowledged.length,
            name: `${model} and ${other} at ${operation} ${index} of ${which}`,
          })
        }
        busy = false
        return null
      })
    }
    for (let segment = 0; segment < 2; segment++) {
      const writer = bed.segments.createWriter({ kind: 'data' })
      for (let round = 0; round < 5; round++) {
        const texts = [`${segment} ${round} `.repeat(200), `small ${round}`]
        const written = texts.map((text) => ({ text, place: writer.append(chunk(text)) }))
        await writer.sync()
        acknowledged.push(...written)
      }
      if (segment === 0) await writer.seal()
    }
    for (const { fs } of disks) fs.intercept(null)
    for (const image of images) {
      const again = await Bed.open(image.disks)
      imageCount++
      for (const { place, text } of acknowledged.slice(0, image.count)) {
        const { payload } = await again.segments.read(place)
        if (payload.toString() !== text) throw new Error(`${image.name}: lost`)
      }
      const [first, second] = image.disks as [Disk, Disk]
      for (const { id } of again.segments.list('data')) {
        const name = `hot/${id.toString(16).padStart(8, '0')}.seg`
        const isSame = (await bytesOn(first, name)).equals(await bytesOn(second, name))
        if (!isSame) throw new Error(`${image.name}: ${name} differs`)
      }
      expect(again.segments.findings, image.name).toEqual([])
      expect(again.mirror.problems, image.name).toEqual([])
      await again[Symbol.asyncDispose]()
    }
    expect(imageCount).toBeGreaterThan(200)
  })
})
