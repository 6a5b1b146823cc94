import { describe, expect, it } from 'vitest'
import { CatalogError } from '../../src/catalog/errors.ts'
import { commit } from '../../src/store/commit.ts'
import { StoreError } from '../../src/store/errors.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'
import { MemoryCatalog } from './memory-catalog.ts'
import { openMemoryStore } from './memory-subject.ts'
import {
  bodyOf,
  bucket,
  bytesOf,
  failure,
  get,
  key,
  keysOf,
  noise,
  open,
  put,
  remove,
} from './store-requests.ts'

const a = Buffer.from('a')
const b = Buffer.from('b')
const one = Buffer.from([1])

describe('commit', () => {
  it('asks again when a row it looked at has changed, and loses nothing', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    let attempts = 0
    await commit(catalog, (change) => {
      change.read(a)
      attempts += 1
      // Another process commits between the look and the commit.
      if (attempts <= 3) void catalog.commit({ puts: [{ key: a, value: Buffer.from([attempts]) }] })
      change.put(b, one)
    })
    expect(attempts).toBe(4)
    expect(catalog.get(a)).toEqual(Buffer.from([3]))
    expect(catalog.get(b)).toEqual(one)
  })

  it('gives up after very many lost rounds', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    let attempts = 0
    const lost = commit(catalog, (change) => {
      change.read(a)
      attempts += 1
      void catalog.commit({ adds: [{ key: a, delta: 1 }] })
      change.put(b, one)
    })
    expect(await failure(lost)).toBe('conflict')
    expect(attempts).toBe(1000)
  })

  it('refuses on what is durable, not on what is being written', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    const writing = catalog.commit({ puts: [{ key: a, value: one }] })
    let looks = 0
    const refused = commit(catalog, (change) => {
      looks += 1
      if (change.read(a) !== null) throw new StoreError('precondition-failed')
      change.put(a, one)
    })
    expect(await failure(refused)).toBe('precondition-failed')
    expect(looks).toBe(2)
    expect(catalog.get(a)).toEqual(one)
    await writing
  })

  it('answers "nothing to do" only when that is durable', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    await catalog.commit({ puts: [{ key: a, value: one }] })
    const deleting = catalog.commit({ deletes: [a] })
    const result = await commit(catalog, (change) => {
      if (change.read(a) !== null) change.delete(a)
      return 'gone'
    })
    expect(result).toBe('gone')
    expect(catalog.get(a)).toBeNull()
    await deleting
  })

  it('adds up what is added to one counter, and leaves out what comes to nothing', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    await commit(catalog, (change) => {
      change.add(a, 5)
      change.add(b, 3)
      change.add(a, -2)
      change.add(b, -3)
    })
    expect(catalog.get(a)?.readBigInt64LE()).toBe(3n)
    expect(catalog.get(b)).toBeNull()
  })

  it('does not take a defect for a refusal', async () => {
    const catalog = new MemoryCatalog(new MemoryBlobStore())
    const defect = commit(catalog, () => {
      throw new TypeError('defect')
    })
    await expect(defect).rejects.toThrow(TypeError)
  })
})

describe('a write that fails', () => {
  it.each([10, 100_000])('for want of a journal leaves nothing of %i bytes', async (size) => {
    const { store, catalog, audit } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    await put(store, 'a', 'before')
    catalog.failWith(new CatalogError('unavailable', 'sync failed'))
    expect(await failure(put(store, 'a', noise(size)))).toBe('unavailable')
    expect(await failure(remove(store, 'a'))).toBe('unavailable')
    expect((await get(store, 'a')).toString()).toBe('before')
    catalog.failWith(new CatalogError('disk-full', 'no room'))
    expect(await failure(put(store, 'a', 'x'))).toBe('disk-full')
    catalog.failWith(null)
    await put(store, 'b', noise(size))
    expect((await get(store, 'a')).toString()).toBe('before')
    // Bytes whose garbage could not be written down either are for a check of the store to find.
    if (size === 10) await audit()
  })

  it('for want of room says so, and writes again when there is some', async () => {
    const { store, engine, audit } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    engine.full = true
    expect(await failure(put(store, 'a', noise(100_000)))).toBe('disk-full')
    engine.full = false
    await put(store, 'a', noise(100_000))
    await audit()
  })

  it('lets go of the body it was reading', async () => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    let isClosed = false
    async function* endless() {
      try {
        for (;;) yield noise(10_000)
      } finally {
        isClosed = true
      }
    }
    engine.full = true
    const body = { ...bodyOf(''), stream: endless(), size: null }
    expect(await failure(put(store, 'a', '', { body }))).toBe('disk-full')
    expect(isClosed).toBe(true)
  })

  it('on a condition that fails only at the end leaves its bytes as garbage', async () => {
    const { store, audit, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    const slow = put(store, 'a', noise(100_000), { conditions: { ifNoneMatch: '*' } })
    await put(store, 'a', 'first')
    expect(await failure(slow)).toBe('precondition-failed')
    expect(engine.blobs.size).toBe(2)
    await audit()
  })
})

describe('a delete of many', () => {
  it('has few commits under way at a time, whatever each of them holds', async () => {
    const { store, catalog, audit } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    const names = Array.from({ length: 200 }, (_, index) => `key ${index}`)
    await Promise.all(names.map((name) => put(store, name, name)))
    const before = catalog.commits
    catalog.hold()
    const items = names.map((name) => ({ key: key(name) }))
    const deleting = store.deleteObjects(bucket, items)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(catalog.commits - before).toBe(64)
    catalog.release()
    const gone = { deleted: true, versionId: null, isDeleteMarker: false }
    expect(await deleting).toEqual(items.map((item) => ({ ...item, ...gone })))
    expect(await keysOf(store)).toEqual([])
    await audit()
  })
})

describe('a read of damaged bytes', () => {
  it.each([10, 100_000])('is an error before any of %i bytes is served', async (size) => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    await put(store, 'a', noise(size))
    engine.damageAll()
    expect(await failure(open(store, 'a'))).toBe('corruption')
  })

  it('breaks the stream with corruption when it lies further on', async () => {
    const { store, engine } = await openMemoryStore()
    await store.createBucket(bucket, { region: 'x' })
    await put(store, 'a', noise(300_000))
    const { body } = await open(store, 'a')
    engine.damageAll()
    expect(await failure(bytesOf(body))).toBe('corruption')
  })
})
