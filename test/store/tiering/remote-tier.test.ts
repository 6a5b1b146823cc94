import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { MemoryFolder } from '../../platform/remote/memory-folder.ts'
import { bucket, failure, get, noise, put, remove } from '../store-requests.ts'
import { openTieringBed, type TieringBed } from './tiering-bed.ts'

const cold = {
  attributes: { headers: {}, metadata: new Map(), storageClass: 'GLACIER' as const, tags: [] },
}
const bodies: Readonly<Record<string, Buffer>> = {
  a: noise(7000, 1),
  b: noise(7000, 2),
  c: noise(7000, 3),
}

let fs: MemoryFileSystem
let remote: MemoryFolder
beforeEach(() => {
  fs = new MemoryFileSystem({ simulate: true })
  remote = new MemoryFolder()
})

async function filled(): Promise<TieringBed> {
  const bed = await openTieringBed(fs, { remote })
  await bed.store.createBucket(bucket, { region: 'x' })
  for (const [name, body] of Object.entries(bodies)) await put(bed.store, name, body, cold)
  await put(bed.store, 'hot', noise(5000, 4))
  await bed.sealAll()
  return bed
}

async function expectAll(bed: TieringBed): Promise<void> {
  for (const [name, body] of Object.entries(bodies)) {
    expect((await get(bed.store, name)).equals(body), name).toBe(true)
    const part = await get(bed.store, name, { range: { start: 3000, end: 4999 } })
    expect(part.equals(body.subarray(3000, 5000)), name).toBe(true)
  }
}

const awayCount = (bed: TieringBed) => bed.segments.list('data').filter((one) => one.isAway).length

describe('a cold tier elsewhere', () => {
  it('takes sealed segments, serves them, and does so after a restart', async () => {
    const bed = await filled()
    const count = await bed.moveAll()
    expect(count).toBeGreaterThanOrEqual(3)
    expect(awayCount(bed)).toBe(count)
    const left = (await fs.list('/cold')).filter((name) => name.endsWith('.seg'))
    expect(left).toEqual([])
    await expectAll(bed)
    await bed.audit()
    await bed.close()
    remote.readCount = 0
    const next = await openTieringBed(fs, { remote, seed: 2 })
    expect(remote.readCount).toBe(0)
    expect(awayCount(next)).toBe(count)
    await expectAll(next)
    expect(next.segments.findings).toEqual([])
    await next.close()
  })

  it('fails reads of what is away while nothing answers, and nothing else', async () => {
    const bed = await filled()
    remote.isDown = true
    expect(await bed.moveAll()).toBe(0)
    expect(bed.events.at(-1)).toMatchObject({ event: 'tiering-failed' })
    await expectAll(bed)
    remote.isDown = false
    await bed.moveAll()
    await bed.close()
    remote.isDown = true
    const next = await openTieringBed(fs, { remote, seed: 2 })
    expect(await failure(get(next.store, 'a'))).toBe('unavailable')
    expect((await get(next.store, 'hot')).equals(noise(5000, 4))).toBe(true)
    await put(next.store, 'new and cold', noise(6000, 5), cold)
    expect((await get(next.store, 'new and cold')).equals(noise(6000, 5))).toBe(true)
    await remove(next.store, 'b')
    await next.sealAll()
    expect(await next.moveAll()).toBe(0)
    expect(next.segments.findings).toEqual([])
    remote.isDown = false
    expect(await next.moveAll()).toBeGreaterThan(0)
    expect((await get(next.store, 'a')).equals(bodies['a']!)).toBe(true)
    expect((await get(next.store, 'new and cold')).equals(noise(6000, 5))).toBe(true)
    await next.audit()
    await next.close()
  })

  it('never serves what the far side made of the bytes', async () => {
    const bed = await filled()
    await bed.moveAll()
    for (const [name, file] of remote.files) {
      if (!name.endsWith('.seg')) continue
      const spoilt = Buffer.from(file)
      for (let at = 200; at < spoilt.length - 700; at += 100) spoilt[at]! ^= 1
      remote.files.set(name, spoilt)
    }
    for (const name of Object.keys(bodies)) {
      expect(await failure(get(bed.store, name))).toBe('corruption')
    }
    expect(bed.segments.findings.length).toBeGreaterThan(0)
    await bed.close()
  })

  it('reports what the far side has lost', async () => {
    const bed = await filled()
    await bed.moveAll()
    for (const name of remote.files.keys()) if (name.endsWith('.seg')) remote.files.delete(name)
    expect(await failure(get(bed.store, 'a'))).toBe('corruption')
    expect(bed.segments.findings).toMatchObject([{ field: 'file' }])
    await bed.close()
  })

  it('gives the space of dead bytes back there, and again after nothing answered', async () => {
    const bed = await filled()
    await bed.moveAll()
    const before = remote.files.size
    await remove(bed.store, 'a')
    await remove(bed.store, 'b')
    remote.isDown = true
    const { signal } = new AbortController()
    while (await bed.compaction.step(signal)) await bed.compaction.removed()
    await bed.close()
    remote.isDown = false
    const next = await openTieringBed(fs, { remote, seed: 2 })
    while (await next.compaction.step(signal)) await next.compaction.removed()
    await next.moveAll()
    expect(remote.files.size).toBeLessThan(before)
    const seen = next.segments.list('data').filter((one) => one.isAway).length
    expect([...remote.files.keys()].filter((name) => name.endsWith('.seg'))).toHaveLength(seen)
    expect((await get(next.store, 'c')).equals(bodies['c']!)).toBe(true)
    await next.audit()
    await next.close()
  })

  it('loses nothing when the power goes at any disk operation of a shipment', async () => {
    const bed = await filled()
    const images: [string, MemoryFileSystem][] = []
    fs.intercept(({ index, operation }) => {
      if (operation === 'read' || operation === 'stat') return null
      const model = (['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const)[index % 5]!
      images.push([`${model} ${index} ${operation}`, fs.crash({ model, seed: index })])
      return null
    })
    let isMoving = true
    const reading = (async () => {
      while (isMoving) {
        await expectAll(bed)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await bed.moveAll()
    isMoving = false
    await reading
    fs.intercept(null)
    expect(images.length).toBeGreaterThan(20)
    for (const [at, image] of images) {
      const next = await openTieringBed(image, { remote, seed: 3 })
      await expectAll(next)
      await next.moveAll()
      await expectAll(next)
      expect(next.segments.findings, at).toEqual([])
      await next.close()
    }
    await bed.close()
  })

  it('is not forgotten: without it the store is not opened', async () => {
    const bed = await filled()
    await bed.moveAll()
    await bed.close()
    const withDirectory = openTieringBed(fs, { seed: 2 })
    await expect(withDirectory).rejects.toMatchObject({ kind: 'refused-tier' })
    await expect(openTieringBed(fs, { seed: 2, tiers: { warm: '/warm' } })).rejects.toThrow(
      /no setting names it/,
    )
  })
})
