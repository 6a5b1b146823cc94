import { afterEach, describe, expect, it } from 'vitest'
import { CatalogError } from '../../src/catalog/errors.ts'
import type { KvWrite, OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import type { LocalCatalogOptions } from '../../src/catalog/local-catalog.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { type Bed, bytes, LastingKv, openBed, put, rowsOf, until } from './catalog-bed.ts'

/** An index that fails when told to; its successors do not. */
class FailingKv {
  readonly inner = new LastingKv()
  applyError: Error | null = null
  /** What an apply waits for. */
  gate: Promise<void> | null = null
  /** Rows that cannot be read. */
  damagedKey: string | null = null
  /** What a successor takes its rows after. */
  successorReady: Promise<void> = Promise.resolve()
  applied: (readonly KvWrite[])[] = []

  open(): OrderedKv {
    const kv = this.inner.open()
    return {
      ...kv,
      get position() {
        return kv.position
      },
      get: (key) => {
        if (Buffer.from(key).toString() === this.damagedKey) {
          throw new CatalogError('corruption', 'made for a test')
        }
        return kv.get(key)
      },
      apply: async (writes, position) => {
        await this.gate
        if (this.applyError !== null) throw this.applyError
        this.applied.push(writes)
        await kv.apply(writes, position)
      },
      successor: async () => {
        const next = await kv.successor()
        return {
          ...next,
          get position() {
            return next.position
          },
          apply: async (writes, position) => {
            await this.successorReady
            await next.apply(writes, position)
          },
        }
      },
      [Symbol.asyncDispose]: async () => kv[Symbol.asyncDispose](),
    }
  }
}

describe('the keeping of the index', () => {
  let bed: Bed | null = null
  afterEach(async () => {
    await bed?.[Symbol.asyncDispose]()
    bed = null
  })

  async function opened(
    kv: FailingKv,
    options: Partial<LocalCatalogOptions>,
    fs = new MemoryFileSystem(),
  ): Promise<Bed> {
    bed = await openBed(fs, { kv: kv.open(), options: { automatic: true, ...options } })
    return bed
  }
  const counted = (event: string) => bed?.events.filter((one) => one.event === event).length ?? 0

  it('flushes after a while', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 5 })
    await catalog.commit({ puts: [put('a', '1')] })
    await catalog.commit({ puts: [put('b', '1')] })
    await until(() => kv.inner.position?.sequence === 2)
    expect(rowsOf(catalog)).toEqual(['a=1', 'b=1'])
  })

  it('flushes at once when there is much', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1e6, flushRowCount: 3 })
    await catalog.commit({ puts: [put('a', '1'), put('b', '1')] })
    expect(kv.inner.position).toBeNull()
    await catalog.commit({ puts: [put('c', '1'), put('d', '1')] })
    await until(() => kv.inner.position?.sequence === 2)
    // In one transaction per flush, and each row once.
    expect(kv.applied.map((writes) => writes.length)).toEqual([4])
  })

  it('serves from memory what the index does not take, and gives it again later', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1 })
    kv.applyError = new CatalogError('disk-full', 'made for a test')
    await catalog.commit({ puts: [put('a', '1'), put('b', '1')] })
    await until(() => counted('flushFailed') > 0)
    await catalog.commit({ puts: [put('a', '2')], deletes: [bytes('b')] })
    expect(rowsOf(catalog)).toEqual(['a=2'])
    expect(catalog.get(bytes('b'))).toBeNull()
    kv.applyError = null
    await until(() => kv.inner.position?.sequence === 2)
    expect(counted('rebuildStarted')).toBe(0)
    expect(rowsOf(catalog)).toEqual(['a=2'])
  })

  it('lets commits wait for memory, and refuses them while the index fails', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1e6, memorySizeMax: 100 })
    kv.applyError = new CatalogError('unavailable', 'made for a test')
    await catalog.commit({ puts: [put('a', 'x'.repeat(120))] })
    const waiting = catalog.commit({ puts: [put('b', '1')] })
    let settled = false
    void catalog.settled().then(() => {
      settled = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(settled).toBe(false)
    expect(catalog.sequence).toBe(1)
    await expect(catalog.flush()).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(waiting).rejects.toMatchObject({ kind: 'unavailable' })
    await until(() => settled)
    await expect(catalog.commit({})).rejects.toMatchObject({ kind: 'unavailable' })
    // Reads go on all the while.
    expect(catalog.get(bytes('a'))).not.toBeNull()

    kv.applyError = null
    await catalog.flush()
    expect(await catalog.commit({ puts: [put('b', '2')] })).toMatchObject({ sequence: 2 })
  })

  it('lets commits wait while a flush is slow, so that the next one is not too large', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushRowCount: 2 })
    let open: () => void = () => {}
    kv.gate = new Promise((resolve) => {
      open = resolve
    })
    const commits: Promise<unknown>[] = []
    for (let index = 0; index < 30; index++) {
      commits.push(catalog.commit({ puts: [put(`k${index}`, '1')] }))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(catalog.sequence).toBeLessThan(15)
    kv.gate = null
    open()
    await Promise.all(commits)
    expect(catalog.sequence).toBe(30)
    await catalog.flush()
    expect(Math.max(...kv.applied.map((writes) => writes.length))).toBeLessThan(12)
  })

  it('admits waiting commits in their order once there is room', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 5, pendingSizeMax: 50 })
    const results = Array.from({ length: 20 }, (_, index) =>
      catalog.commit({
        checks: [{ key: bytes('k'), expected: index === 0 ? null : bytes('v'.repeat(index)) }],
        puts: [put('k', 'v'.repeat(index + 1))],
      }),
    )
    await catalog.settled()
    expect((await Promise.all(results)).map((result) => result.committed)).not.toContain(false)
    expect(catalog.sequence).toBe(20)
    expect(catalog.get(bytes('k'))?.length).toBe(20)
  })

  it('rebuilds behind the reader that met a damaged row, and goes on serving', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1e6 })
    await catalog.commit({ puts: [put('a', '1'), put('b', '1')] })
    await catalog.flush()
    await catalog.snapshot()
    await catalog.commit({ puts: [put('c', '1')], adds: [{ key: bytes('n'), delta: 4 }] })
    kv.damagedKey = 'a'
    const damaged = { kind: 'corruption' }
    expect(() => catalog.get(bytes('a'))).toThrow(expect.objectContaining(damaged))
    // Not only reads: a check must not take a damaged row for none.
    await expect(
      catalog.commit({ checks: [{ key: bytes('a'), expected: null }], puts: [put('a', '2')] }),
    ).rejects.toMatchObject(damaged)
    expect(catalog.get(bytes('b'))).toEqual(bytes('1'))
    const during = catalog.commit({ puts: [put('d', '1')], adds: [{ key: bytes('n'), delta: 1 }] })
    await until(() => counted('rebuilt') > 0)
    expect(await during).toMatchObject({ committed: true })
    expect(counted('rebuildStarted')).toBe(1)
    expect(catalog.get(bytes('a'))).toEqual(bytes('1'))
    await catalog.flush()
    expect(catalog.get(bytes('n'))?.readUInt8(0)).toBe(5)
    expect(rowsOf(catalog).map((row) => row[0])).toEqual(['a', 'b', 'c', 'd', 'n'])
    expect(kv.inner.position?.sequence).toBe(3)
  })

  it('does not take a successor that is behind, because the journal cannot be read', async () => {
    const kv = new FailingKv()
    const fs = new MemoryFileSystem()
    const { catalog } = await opened(kv, { flushDelayMs: 1e6 }, fs)
    await catalog.commit({ puts: [put('a', '1')] })
    await catalog.commit({ puts: [put('b', '1')] })
    await catalog.flush()
    await catalog.commit({ puts: [put('c', '1')] })
    const [name] = await fs.list('/data/journal')
    const file = await fs.open(`/data/journal/${name}`, 'update')
    // The last commit, which has nothing behind it that would vouch for it.
    await file.write([Buffer.alloc(8)], (await file.size()) - 8)
    await file.close()
    kv.damagedKey = 'a'
    expect(() => catalog.get(bytes('a'))).toThrow()
    await until(() => counted('rebuildFailed') > 0)
    expect(counted('rebuilt')).toBe(0)
    expect(catalog.get(bytes('b'))).toEqual(bytes('1'))
    expect(catalog.get(bytes('c'))).toEqual(bytes('1'))
  })

  it('rebuilds when the index refuses rows as damaged, and counts exactly all the same', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1e6 })
    const add = () => catalog.commit({ adds: [{ key: bytes('n'), delta: 1 }] })
    await add()
    await catalog.flush()
    await add()
    kv.applyError = new CatalogError('corruption', 'made for a test')
    await expect(catalog.flush()).rejects.toMatchObject({ kind: 'corruption' })
    // While the old rows are still held, more come.
    await add()
    await until(() => counted('rebuilt') > 0)
    await add()
    await catalog.flush()
    expect(catalog.get(bytes('n'))?.readUInt8(0)).toBe(4)
    expect(kv.inner.position?.sequence).toBe(4)
    expect(kv.inner.current.get(bytes('n'))?.readUInt8(0)).toBe(4)
  })

  it('loses no row that a flush, due before a rebuild began, would give to the old index', async () => {
    const kv = new FailingKv()
    let goOn: () => void = () => {}
    kv.successorReady = new Promise((resolve) => {
      goOn = resolve
    })
    const { catalog } = await opened(kv, { flushDelayMs: 20 })
    await catalog.commit({ puts: [put('a', '1')] })
    await catalog.flush()
    kv.damagedKey = 'a'
    await catalog.commit({ puts: [put('b', '1')] })
    expect(() => catalog.get(bytes('a'))).toThrow('made for a test')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await catalog.commit({ puts: [put('c', '1')] })
    await new Promise((resolve) => setTimeout(resolve, 40))
    goOn()
    await until(() => counted('rebuilt') > 0)
    expect(rowsOf(catalog)).toEqual(['a=1', 'b=1', 'c=1'])
    await catalog.flush()
    expect(kv.inner.position?.sequence).toBe(3)
    expect(kv.inner.current.get(bytes('c'))).toEqual(bytes('1'))
  })

  it('writes a snapshot when enough was committed, and keeps two', async () => {
    const kv = new FailingKv()
    const { catalog, segments } = await opened(kv, { flushDelayMs: 1, snapshotCommitSizeMin: 600 })
    for (let index = 0; index < 30; index++) {
      await catalog.commit({ puts: [put('k', `${index}`.repeat(50))] })
      if (index % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3))
    }
    await until(() => counted('snapshotWritten') > 2)
    await catalog.flush()
    await until(() => segments.list('snapshot').length <= 2)
    expect(counted('snapshotFailed')).toBe(0)
  })

  it('does not write one snapshot after another that fails', async () => {
    const kv = new FailingKv()
    const fs = new MemoryFileSystem()
    const { catalog } = await opened(kv, { flushDelayMs: 1, snapshotCommitSizeMin: 600 }, fs)
    fs.intercept(({ path }) => (path.startsWith('/data/snapshots') ? { code: 'ENOSPC' } : null))
    for (let index = 0; index < 60; index++) {
      await catalog.commit({ puts: [put('k', `${index}`.repeat(50))] })
      if (index % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3))
    }
    await until(() => counted('snapshotFailed') > 0)
    await catalog.flush()
    expect(counted('flushed')).toBeGreaterThan(5)
    expect(counted('snapshotFailed')).toBe(1)
    // One that is asked for is tried all the same.
    fs.intercept(null)
    await catalog.snapshot()
    expect(counted('snapshotWritten')).toBe(1)
  })

  it('closes in the middle of everything', async () => {
    const kv = new FailingKv()
    const { catalog } = await opened(kv, { flushDelayMs: 1 })
    const commits = Array.from({ length: 50 }, (_, index) =>
      catalog.commit({ puts: [put(`k${index}`, '1')] }),
    )
    const snapshot = catalog.snapshot()
    const flush = catalog.flush()
    await catalog[Symbol.asyncDispose]()
    await Promise.all([...commits, snapshot, flush])
    expect(kv.inner.position?.sequence).toBe(50)
  })
})
