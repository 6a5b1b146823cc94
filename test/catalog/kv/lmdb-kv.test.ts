import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LmdbKv } from '../../../src/catalog/kv/lmdb-kv.ts'
import { everyKey } from '../../../src/catalog/kv/ordered-kv.ts'
import { NodeFileSystem } from '../../../src/platform/node-fs.ts'
import { orderedKvContract } from '../../contracts/ordered-kv.contract.ts'
import { position, put } from '../../contracts/ordered-kv-rows.ts'

const fileSystem = new NodeFileSystem()
const storeId = '6f1b2c9e-0000-4000-8000-000000000001'

orderedKvContract('LmdbKv', async () => {
  const path = await mkdtemp(join(tmpdir(), 'varve-kv-'))
  let kv = await LmdbKv.open({ fileSystem, path, storeId })
  return {
    kv,
    reopen: async () => {
      await kv[Symbol.asyncDispose]()
      kv = await LmdbKv.open({ fileSystem, path, storeId })
      return kv
    },
    dispose: async () => {
      await kv[Symbol.asyncDispose]()
      await rm(path, { recursive: true })
    },
  }
})

describe('LmdbKv', () => {
  let path: string
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'varve-kv-'))
  })
  afterEach(() => rm(path, { recursive: true }))
  const open = (id = storeId) => LmdbKv.open({ fileSystem, path, storeId: id })

  it('leaves one file and its lock', async () => {
    const kv = await open()
    await kv.apply([put('a', '1')], position(1))
    const next = await kv.successor()
    await next.apply([], position(1))
    await kv[Symbol.asyncDispose]()
    await next[Symbol.asyncDispose]()
    expect(await readdir(path)).toEqual(['2.mdb', '2.mdb-lock'])
  })

  it('makes files that nobody else can read', async () => {
    const kv = await open()
    await kv.apply([put('a', '1')], position(1))
    for (const name of await readdir(path)) {
      expect([name, (await stat(join(path, name))).mode & 0o777]).toEqual([name, 0o600])
    }
    await kv[Symbol.asyncDispose]()
  })

  it('notices a flipped bit anywhere in a value', async () => {
    const kv = await open()
    const text = 'the value that will be damaged'
    await kv.apply([put('key', text)], position(1))
    await kv[Symbol.asyncDispose]()
    const file = join(path, '1.mdb')
    const whole = await readFile(file)
    for (const shift of [0, 7, text.length - 1, text.length, text.length + 3]) {
      const damaged = Buffer.from(whole)
      // Every copy: LMDB may have left an older page behind.
      for (
        let at = damaged.indexOf(text);
        at !== -1;
        at = damaged.indexOf(text, at + text.length)
      ) {
        damaged[at + shift]! ^= 0x10
      }
      await writeFile(file, damaged)
      const again = await open()
      expect(() => again.get(Buffer.from('key'))).toThrow(
        expect.objectContaining({ kind: 'corruption' }),
      )
      expect(() => [...again.range(everyKey)]).toThrow(
        expect.objectContaining({ kind: 'corruption' }),
      )
      await again[Symbol.asyncDispose]()
    }
  })

  it('discards what is not an index, and says why', async () => {
    await writeFile(join(path, '4.mdb'), Buffer.alloc(8192, 0x55))
    const kv = await open()
    expect(kv.discarded).toBeInstanceOf(Error)
    expect(kv.position).toBeNull()
    await kv.apply([put('a', '1')], position(1))
    await kv[Symbol.asyncDispose]()
    expect(await readdir(path)).toEqual(['5.mdb', '5.mdb-lock'])
  })

  it('discards an index with which every start dies', async () => {
    const kv = await open()
    await kv.apply([put('a', '1')], position(1))
    await kv[Symbol.asyncDispose]()
    const died = async (count: number) => {
      await writeFile(join(path, 'starts'), '.'.repeat(count))
      const next = await open()
      const found = next.discarded?.message ?? next.get(Buffer.from('a'))?.toString()
      await next[Symbol.asyncDispose]()
      return found
    }
    expect(await died(4)).toBe('1')
    expect(await died(5)).toMatch(/every start/)
    // A close in order ends the count.
    expect(await readdir(path)).not.toContain('starts')
  })

  it('counts a start that is still going on', async () => {
    const kv = await open()
    expect((await readFile(join(path, 'starts'))).length).toBe(1)
    await kv[Symbol.asyncDispose]()
  })

  it('discards the index of another store', async () => {
    const kv = await open()
    await kv.apply([put('a', '1')], position(1))
    await kv[Symbol.asyncDispose]()
    const other = await open('6f1b2c9e-0000-4000-8000-000000000002')
    expect(other.discarded?.message).toMatch(/another store/)
    expect(other.get(Buffer.from('a'))).toBeNull()
    await other[Symbol.asyncDispose]()
  })

  it('does not call an index that was never used damaged', async () => {
    await (await open())[Symbol.asyncDispose]()
    const kv = await open()
    expect(kv.discarded).toBeNull()
    await kv[Symbol.asyncDispose]()
  })

  it('takes back what did not fit on the disk, and goes on', { timeout: 30_000 }, async () => {
    const script = join(import.meta.dirname, 'small-disk-process.ts')
    const run = `ulimit -f 1000 && exec "$0" --import tsx "$1" "$2"`
    const { stdout } = await promisify(execFile)('sh', ['-c', run, process.execPath, script, path])
    expect(JSON.parse(stdout)).toEqual({
      kinds: ['unavailable', 'unavailable', 'unavailable'],
      kept: '1',
      torn: null,
      sequence: 3,
      last: '2',
    })
  })

  it('is durable when apply resolves: another process sees it without a close', async () => {
    const kv = await open()
    await kv.apply([put('a', '1')], position(1))
    const copy = await mkdtemp(join(tmpdir(), 'varve-kv-copy-'))
    await writeFile(join(copy, '1.mdb'), await readFile(join(path, '1.mdb')))
    const seen = await LmdbKv.open({ fileSystem, path: copy, storeId })
    expect(seen.position).toEqual(position(1))
    expect(seen.get(Buffer.from('a'))?.toString()).toBe('1')
    await seen[Symbol.asyncDispose]()
    await kv[Symbol.asyncDispose]()
    await rm(copy, { recursive: true })
  })
})
