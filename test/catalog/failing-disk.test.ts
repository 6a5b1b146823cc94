import { describe, expect, it } from 'vitest'
import type { CommitBatch } from '../../src/catalog/catalog.ts'
import { CatalogError } from '../../src/catalog/errors.ts'
import { type DiskOperation, type Fault, MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { type Bed, bytes, chunk, LastingKv, openBed, put, rowsOf } from './catalog-bed.ts'

const options = { segmentSizeMax: 1500, flushRowCount: 4 }
const isChange = ({ operation }: DiskOperation) =>
  !['read', 'stat', 'space', 'list', 'open'].includes(operation)

/** Steps of commits that share a group, on a disk that may fail. */
class Run {
  readonly fs = new MemoryFileSystem({ simulate: true })
  readonly kv = new LastingKv()
  readonly #random: SeededRandom
  #model = new Map<string, string>()
  /** What a restart may find instead of the model: it and one group that failed at the end. */
  #alternatives: string[][] = []
  #number = 0
  rejectedCount = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  open(seed: number): Promise<Bed> {
    return openBed(this.fs, { kv: this.kv.open(), options, seed })
  }

  async step({ catalog }: Bed): Promise<void> {
    const choice = this.#random.below(8)
    if (choice === 0) await catalog.flush().catch(() => {})
    if (choice === 1) await catalog.snapshot().catch(() => {})
    const next = new Map(this.#model)
    const count = 1 + this.#random.below(3)
    const batches = Array.from({ length: count }, () => this.#batch(next))
    const results = await Promise.allSettled(batches.map((batch) => catalog.commit(batch)))
    const outcomes = new Set(results.map(({ status }) => status))
    expect(outcomes.size, 'a group succeeds or fails as a whole').toBe(1)
    if (outcomes.has('fulfilled')) {
      this.#model = next
      this.#alternatives = []
    } else {
      this.rejectedCount += count
      this.#alternatives.push(rows(next))
    }
    expect(textOf(catalog)).toEqual(rows(this.#model))
    for (const key of next.keys()) {
      const pending = catalog.peek(bytes(key))
      expect(pending).toEqual({ value: catalog.get(bytes(key)), pending: false })
    }
  }

  assertReopened({ catalog }: Bed): void {
    expect([rows(this.#model), ...this.#alternatives]).toContainEqual(textOf(catalog))
  }

  #batch(model: Map<string, string>): CommitBatch {
    const number = ++this.#number
    const key = `k${this.#random.below(8)}`
    model.set(key, `v${number}`)
    const count = Number(model.get('n') ?? 0) + 1
    model.set('n', `${count}`)
    const adds = [{ key: bytes('n'), delta: 1 }]
    if (this.#random.chance(0.5)) return { puts: [put(key, `v${number}`)], adds }
    return {
      attachments: [chunk('x'.repeat(this.#random.below(700)))],
      puts: () => [put(key, `v${number}`)],
      adds,
    }
  }
}

function textOf(catalog: Bed['catalog']): string[] {
  return rowsOf(catalog).map((row) =>
    row.startsWith('n=') ? `n=${Buffer.from(row.slice(2), 'latin1').readUInt32LE(0)}` : row,
  )
}

function rows(model: ReadonlyMap<string, string>): string[] {
  return [...model].map(([key, value]) => `${key}=${value}`).sort()
}

async function operationCount(seed: number): Promise<number> {
  const run = new Run(seed)
  let count = 0
  const bed = await run.open(1)
  run.fs.intercept((operation) => {
    if (isChange(operation)) count++
    return null
  })
  for (let step = 0; step < 14; step++) await run.step(bed)
  await bed[Symbol.asyncDispose]()
  return count
}

/** Fails the operations `first` … `first + length - 1` among those that change the disk. */
function failing(first: number, length: number, fault: Fault): (o: DiskOperation) => Fault | null {
  let index = 0
  return (operation) => {
    if (!isChange(operation)) return null
    const isHit = index >= first && index < first + length
    index++
    return isHit ? fault : null
  }
}

const faults: readonly Fault[] = [
  { code: 'EIO' },
  { code: 'ENOSPC', landedSize: 70 },
  { code: 'EIO', landedSize: 1_000_000 },
]

describe('a catalog on a disk that fails', () => {
  for (const fault of faults) {
    const landed = fault.landedSize === undefined ? 'nothing' : `${fault.landedSize} bytes`
    it(`rejects, goes on, and forgets nothing (${fault.code}, ${landed} landed)`, async () => {
      const count = await operationCount(5)
      expect(count).toBeGreaterThan(40)
      let rejectedCount = 0
      for (let first = 0; first < count; first++) {
        const run = new Run(5)
        const bed = await run.open(1)
        run.fs.intercept(failing(first, 1, fault))
        for (let step = 0; step < 14; step++) await run.step(bed)
        rejectedCount += run.rejectedCount
        const killed = run.fs.crash({ model: 'kill' })
        const unplugged = run.fs.crash({ model: 'lose-all' })
        await bed[Symbol.asyncDispose]()
        for (const fs of [killed, unplugged, run.fs]) {
          fs.intercept(null)
          const again = await openBed(fs, { options, seed: 7 })
          run.assertReopened(again)
          await again[Symbol.asyncDispose]()
        }
      }
      expect(rejectedCount).toBeGreaterThan(count / 2)
    }, 120_000)
  }

  it('rejects all that was queued behind the failed group, and then takes commits again', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openBed(fs)
    await bed.catalog.commit({ puts: [put('a', '1')] })
    const firstSegment = bed.segments.list('journal')[0]!.id
    let fail: (fault: Fault) => void = () => {}
    const fault = new Promise<Fault>((resolve) => {
      fail = resolve
    })
    fs.intercept(({ operation }) => (operation === 'sync' ? fault : null))
    const first = bed.catalog.commit({ puts: [put('a', '2')] })
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    const queued = bed.catalog.commit({ puts: [put('b', '2')] })
    expect(bed.catalog.peek(bytes('b'))).toEqual({ value: bytes('2'), pending: true })
    fail({ code: 'EIO' })
    const outcomes = await Promise.allSettled([first, queued])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } })
    }
    expect(bed.catalog.peek(bytes('b'))).toEqual({ value: null, pending: false })
    await bed.catalog.settled()

    fs.intercept(null)
    expect(await bed.catalog.commit({ puts: [put('c', '3')] })).toMatchObject({ sequence: 2 })
    expect(rowsOf(bed.catalog)).toEqual(['a=1', 'c=3'])
    const [old, next] = bed.segments.list('journal')
    expect(next!.header).toMatchObject({ previousSegment: firstSegment, firstSequence: 2 })
    expect(old!.id).toBe(firstSegment)
    await bed[Symbol.asyncDispose]()
    const again = await openBed(fs)
    expect(rowsOf(again.catalog)).toEqual(['a=1', 'c=3'])
    await again[Symbol.asyncDispose]()
  })

  it('fails commits that come just as the journal fails in its own words', async () => {
    const fs = new MemoryFileSystem()
    const bed = await openBed(fs)
    await bed.catalog.commit({ puts: [put('a', '1')] })
    let fail: (fault: Fault) => void = () => {}
    const fault = new Promise<Fault>((resolve) => {
      fail = resolve
    })
    fs.intercept(({ operation }) => (operation === 'sync' ? fault : null))
    const commits: Promise<unknown>[] = [bed.catalog.commit({ puts: [put('a', '2')] })]
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    fail({ code: 'EIO' })
    for (let turn = 0; turn < 60; turn++) {
      await null
      commits.push(bed.catalog.commit({ attachments: [chunk('small')], puts: [put('b', '1')] }))
    }
    fs.intercept(null)
    const outcomes = await Promise.allSettled(commits)
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(rejected.length).toBeGreaterThan(1)
    for (const { reason } of rejected) expect(reason).toBeInstanceOf(CatalogError)
    await bed[Symbol.asyncDispose]()
  })

  it('says that the disk is full, and writes again when it is not', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    const bed = await openBed(fs)
    await bed.catalog.commit({ puts: [put('a', '1')] })
    fs.intercept(({ operation }) =>
      operation === 'write' || operation === 'create' ? { code: 'ENOSPC' } : null,
    )
    const refused = { kind: 'disk-full' }
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(bed.catalog.commit({ puts: [put('b', '1')] })).rejects.toMatchObject(refused)
    }
    // While it fails it is not tried for each commit.
    const attempts = bed.events.filter(({ event }) => event === 'groupFailed')
    expect(attempts.length).toBeLessThan(6)
    expect(rowsOf(bed.catalog)).toEqual(['a=1'])
    fs.intercept(null)
    await expect
      .poll(
        () =>
          bed.catalog.commit({ puts: [put('c', '1')] }).then(
            () => true,
            () => false,
          ),
        {
          timeout: 5000,
          interval: 5,
        },
      )
      .toBe(true)
    expect(rowsOf(bed.catalog)).toEqual(['a=1', 'c=1'])
    await bed[Symbol.asyncDispose]()
  })
})
