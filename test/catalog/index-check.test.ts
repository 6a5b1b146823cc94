import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkIndex } from '../../src/catalog/index-check.ts'
import { LmdbKv } from '../../src/catalog/kv/lmdb-kv.ts'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import { position, put } from '../contracts/ordered-kv-rows.ts'
import { openBed, put as row, rowsOf, storeId, until } from './catalog-bed.ts'

const fileSystem = new NodeFileSystem()
const never = new AbortController().signal
const COUNT = 3000
const PAGE_SIZE = 4096
/** Of a page: its kind, and the end of its list of nodes, two bytes each. LMDB's struct MDB_page. */
const FLAGS_AT = 18
const LOWER_AT = 20
const HEADER_SIZE = 24
const BRANCH = 1
const LEAF = 2

const key = (index: number) => `key ${String(index).padStart(6, '0')}`

describe('a check of the index', () => {
  let path: string
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'varve-check-'))
    const kv = await open()
    const writes = Array.from({ length: COUNT }, (_, index) => put(key(index), `value ${index}`))
    await kv.apply(writes, position(1))
    await kv[Symbol.asyncDispose]()
  })
  afterEach(() => rm(path, { recursive: true }))
  const open = () => LmdbKv.open({ fileSystem, path, storeId })

  async function check(): Promise<number> {
    const kv = await open()
    const view = kv.view()
    try {
      return await checkIndex(view, never)
    } finally {
      view.release()
      await kv[Symbol.asyncDispose]()
    }
  }

  /** Changes one page of a kind, in the middle of the file, that holds keys of rows. */
  async function changePage(kind: number, change: (page: Buffer) => void): Promise<void> {
    const file = join(path, '1.mdb')
    const bytes = await readFile(file)
    const pages: Buffer[] = []
    for (let at = 2 * PAGE_SIZE; at + PAGE_SIZE <= bytes.length; at += PAGE_SIZE) {
      const page = bytes.subarray(at, at + PAGE_SIZE)
      if (page.readUInt16LE(FLAGS_AT) === kind && page.includes('key 00')) pages.push(page)
    }
    expect(pages.length).toBeGreaterThan(0)
    change(pages[Math.floor(pages.length / 2)]!)
    await writeFile(file, bytes)
  }

  it('passes a sound one, and counts its entries', async () => {
    expect(await check()).toBe(COUNT)
  })

  it('finds keys that a page no longer shows', async () => {
    await changePage(LEAF, (page) => {
      page.writeUInt16LE(page.readUInt16LE(LOWER_AT) - 2, LOWER_AT)
    })
    await expect(check()).rejects.toMatchObject({ kind: 'corruption' })
  })

  it('finds keys that a search goes past', async () => {
    await changePage(BRANCH, (page) => {
      // The key of the second node: what lies before it is looked for in the page before.
      const second = page.readUInt16LE(HEADER_SIZE + 2)
      const at = page.indexOf('key 00', second)
      page[at + 7]! ^= 1
    })
    await expect(check()).rejects.toMatchObject({ kind: 'corruption' })
  })

  it('counts as of its view, whatever is written beside it', async () => {
    const kv = await open()
    for (let round = 0; round < 30; round++) {
      const view = kv.view()
      const expected = COUNT + round
      const applying = kv.apply([put(`more ${round}`, 'x')], position(2 + round))
      expect(view.entryCount).toBe(expected)
      expect(await checkIndex(view, never)).toBe(expected)
      await applying
      view.release()
    }
    await kv[Symbol.asyncDispose]()
  })

  it('has the catalog make the index anew', async () => {
    const fs = new MemoryFileSystem()
    const bed = await openBed(fs, { kv: hiding(new MemoryKv()) })
    const expected: string[] = []
    for (let index = 0; index < 50; index++) {
      await bed.catalog.commit({ puts: [row(key(index), 'v')] })
      expected.push(`${key(index)}=v`)
    }
    await bed.catalog.flush()
    expect(rowsOf(bed.catalog)).toHaveLength(49)
    await bed.catalog.check()
    await until(() => bed.events.some(({ event }) => event === 'rebuilt'))
    expect(rowsOf(bed.catalog)).toEqual(expected)
    await bed[Symbol.asyncDispose]()
  })
})

/** Shows one key less than it has. */
function hiding(inner: MemoryKv): MemoryKv {
  const range = inner.range.bind(inner)
  const isHidden = (found: Buffer) => found.toString() === key(7)
  inner.range = function* (asked) {
    for (const entry of range(asked)) if (!isHidden(entry.key)) yield entry
  }
  const view = inner.view.bind(inner)
  inner.view = () => {
    const seen = view()
    return {
      ...seen,
      *range(asked) {
        for (const entry of seen.range(asked)) if (!isHidden(entry.key)) yield entry
      },
    }
  }
  return inner
}
