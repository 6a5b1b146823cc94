import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { type RunningServer, startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import {
  type DiskOperation,
  type DiskOperationName,
  MemoryFileSystem,
} from '../../src/platform/memory-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { silentLog } from '../../src/telemetry/log.ts'

/** What must come back by itself comes back within this time. */
const RESUME_MS_MAX = 5000
const keys = { rootAccessKey: 'ROOT', rootSecretKey: 'root-secret-key' }

function start(
  fileSystem: MemoryFileSystem,
  port = 0,
  more: Readonly<Record<string, unknown>> = {},
): Promise<RunningServer> {
  const ground = {
    fileSystem,
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
  const settings = { dataDir: '/data', port, buckets: ['one'], drainTimeoutMs: 200, ...keys }
  return startServer({ config: configFrom({ ...settings, ...more }), ground, log: silentLog })
}

/** A client of a server that answers, whatever it answers. */
class Client implements Disposable {
  readonly #endpoint: string
  readonly #s3: S3Client

  constructor(endpoint: string) {
    this.#endpoint = endpoint
    const credentials = { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' }
    const region = 'us-east-1'
    this.#s3 = new S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
    })
  }

  /** The status, whether of a success or of an error. */
  async put(Key: string, Body: string): Promise<number | undefined> {
    return statusOf(this.#s3.send(new PutObjectCommand({ Bucket: 'one', Key, Body })))
  }

  async get(Key: string): Promise<string | number | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: 'one', Key }))
      return await Body?.transformToString()
    } catch (error) {
      return (error as { name: string }).name
    }
  }

  async delete(Key: string): Promise<number | undefined> {
    return statusOf(this.#s3.send(new DeleteObjectCommand({ Bucket: 'one', Key })))
  }

  async list(): Promise<readonly (string | undefined)[]> {
    const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ Bucket: 'one' }))
    return Contents.map(({ Key }) => Key)
  }

  async ready(): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.#endpoint}/health/ready`)
    return { status: answer.status, text: await answer.text() }
  }

  async live(): Promise<number> {
    return (await fetch(`${this.#endpoint}/health/live`)).status
  }

  [Symbol.dispose](): void {
    this.#s3.destroy()
  }
}

async function statusOf(
  sent: Promise<{ readonly $metadata: { readonly httpStatusCode?: number | undefined } }>,
): Promise<number | undefined> {
  try {
    return (await sent).$metadata.httpStatusCode
  } catch (error) {
    return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  }
}

const large = 'sediment'.repeat(40_000)
const changing: readonly DiskOperationName[] = [
  'create',
  'write',
  'sync',
  'truncate',
  'rename',
  'remove',
  'makeDirectory',
  'syncDirectory',
]

describe('readiness', () => {
  it('is live and not ready while the journal is read at the start', async () => {
    const disk = new MemoryFileSystem()
    await (await start(disk)).stop()
    let release = () => {}
    const gate = new Promise<null>((resolve) => {
      release = () => resolve(null)
    })
    disk.intercept(({ operation, path }) =>
      operation === 'open' && path.includes('/journal/') ? gate : null,
    )
    const port = await freePort()
    const starting = start(disk, port)
    using client = new Client(`http://127.0.0.1:${port}`)
    await expect.poll(() => client.live().catch(() => 0)).toBe(200)
    expect(await client.ready()).toMatchObject({ status: 503 })
    expect((await client.ready()).text).toMatch(/^starting/)
    expect(await client.put('early', 'x')).toBe(503)
    release()
    disk.intercept(null)
    await using _server = await starting
    expect(await client.ready()).toEqual({ status: 200, text: 'ok\n' })
    expect(await client.put('early', 'x')).toBe(200)
  })

  it('says why while no write succeeds, and comes back without a request', async () => {
    const disk = new MemoryFileSystem()
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    await client.put('before', 'b')
    disk.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    expect(await client.put('during', 'd')).toBe(503)
    const { status, text } = await client.ready()
    expect(status).toBe(503)
    expect(text).toContain('the catalog cannot write: a write failed (EIO)')
    expect(await client.live()).toBe(200)
    expect(await client.get('before')).toBe('b')
    expect(await client.get('during')).toBe('NoSuchKey')
    disk.intercept(null)
    await expect
      .poll(async () => (await client.ready()).status, { timeout: RESUME_MS_MAX })
      .toBe(200)
    expect(await client.put('after', 'a')).toBe(200)
  })
})

describe('on a file system that has become read-only', () => {
  it('reads and lists go on, writes and deletes answer 503, and readiness says so', async () => {
    const disk = new MemoryFileSystem()
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    await client.put('small', 's')
    await client.put('large', large)
    disk.intercept(({ operation }) => (changing.includes(operation) ? { code: 'EROFS' } : null))
    expect(await client.put('x', 'x')).toBe(503)
    expect(await client.put('y', large)).toBe(503)
    expect(await client.delete('small')).toBe(503)
    expect(await client.get('small')).toBe('s')
    expect((await client.get('large')) === large).toBe(true)
    expect(await client.list()).toEqual(['large', 'small'])
    expect((await client.ready()).text).toContain('the file system is read-only (EROFS)')
    disk.intercept(null)
    await expect.poll(() => client.put('x', 'x'), { timeout: RESUME_MS_MAX }).toBe(200)
    expect((await client.ready()).status).toBe(200)
  })
})

describe('on a full disk', () => {
  it('keeps a reserve for deletes, and takes writes again when there is room', async () => {
    const disk = new MemoryFileSystem({ capacity: 20_000_000 })
    const ballast = await disk.open('/ballast', 'create')
    await ballast.write([Buffer.alloc(12_000_000)], 0)
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    const stored: string[] = []
    for (let index = 0; ; index++) {
      const key = `k${String(index).padStart(4, '0')}`
      const rest = randomBytes(100_000 + (index % 7) * 5000).toString('hex')
      const status = await client.put(key, `${key}${rest}`)
      if (status === 507) break
      expect(status).toBe(200)
      stored.push(key)
    }
    // Large and small are refused alike, and nothing of the reserve goes to them.
    for (let index = 0; index < 20; index++) expect(await client.put('s', 'small')).toBe(507)
    const before = (await disk.space('/')).freeSize
    expect(before).toBeGreaterThan(500_000)
    for (let index = 0; index < 5; index++) {
      expect(await client.put('l', randomBytes(200_000).toString('hex'))).toBe(507)
    }
    expect(before - (await disk.space('/')).freeSize).toBeLessThan(50_000)
    const { status, text } = await client.ready()
    expect(status).toBe(200)
    expect(text).toContain('degraded: the disk is full but for the reserve')
    expect(await client.list()).toEqual(stored)
    for (const key of stored) expect((await client.get(key))?.toString().slice(0, 5)).toBe(key)
    const [kept = '', ...dropped] = stored
    for (const key of dropped) expect(await client.delete(key)).toBe(204)
    expect(await client.list()).toEqual([kept])
    await ballast.truncate(0)
    await expect.poll(() => client.put('s', 'small'), { timeout: RESUME_MS_MAX }).toBe(200)
    expect((await client.ready()).text).toBe('ok\n')
    expect((await client.get(kept))?.toString().slice(0, 5)).toBe(kept)
  })
})

describe('when a sync of a data file fails', () => {
  it('never writes or syncs that file again, and goes on in a new one', async () => {
    const disk = new MemoryFileSystem()
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    expect(await client.put('before', large)).toBe(200)
    let failed = ''
    const later: DiskOperation[] = []
    disk.intercept((operation) => {
      if (failed === operation.path) later.push(operation)
      if (failed !== '' || operation.operation !== 'sync') return null
      if (!operation.path.includes('/hot/')) return null
      failed = operation.path
      return { code: 'EIO' }
    })
    expect(await client.put('during', large)).toBe(503)
    expect(await client.put('after', large)).toBe(200)
    expect((await client.get('before')) === large).toBe(true)
    expect((await client.get('after')) === large).toBe(true)
    expect(await client.get('during')).toBe('NoSuchKey')
    expect(failed).not.toBe('')
    expect(later.filter(({ operation }) => changing.includes(operation))).toEqual([])
    expect((await client.ready()).status).toBe(200)
  })
})

describe('when there are too many open files', () => {
  it('answers 503 to what needs one, and goes on when there are fewer', async () => {
    const disk = new MemoryFileSystem()
    {
      await using server = await start(disk)
      using client = new Client(server.endpoint)
      await client.put('large', large)
    }
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    disk.intercept(({ operation }) =>
      operation === 'open' || operation === 'create' ? { code: 'EMFILE' } : null,
    )
    expect(await client.get('large')).toBe('ServiceUnavailable')
    expect(await client.put('other', large)).toBe(503)
    disk.intercept(null)
    expect((await client.get('large')) === large).toBe(true)
    expect(await client.put('other', large)).toBe(200)
  })
})

describe('when a data file is missing', () => {
  it('answers 500 for what was in it, says so, and serves the rest', async () => {
    const disk = new MemoryFileSystem()
    {
      await using server = await start(disk)
      using client = new Client(server.endpoint)
      await client.put('small', 's')
      await client.put('large', large)
    }
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    expect((await client.ready()).text).toBe('ok\n')
    for (const name of await disk.list('/data/hot')) await disk.remove(`/data/hot/${name}`)
    expect(await client.get('large')).toBe('InternalError')
    expect(await client.get('small')).toBe('s')
    expect(await client.list()).toEqual(['large', 'small'])
    expect((await client.ready()).text).toMatch(/^ok\ndegraded: damaged or missing: hot\//)
    expect(await client.put('next', large)).toBe(200)
    expect((await client.get('next')) === large).toBe(true)
  })

  it('does the same when the file was gone before the start', async () => {
    const disk = new MemoryFileSystem()
    {
      await using server = await start(disk)
      using client = new Client(server.endpoint)
      await client.put('small', 's')
      await client.put('large', large)
    }
    for (const name of await disk.list('/data/hot')) await disk.remove(`/data/hot/${name}`)
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    expect(await client.get('large')).toBe('InternalError')
    expect(await client.get('small')).toBe('s')
    expect((await client.ready()).text).toMatch(
      /^ok\ndegraded: missing: blob .* in no live segment/,
    )
    expect(await client.put('large', large)).toBe(200)
    expect((await client.get('large')) === large).toBe(true)
  })

  it('reports a journal file that is gone, and serves what the others hold', async () => {
    const disk = new MemoryFileSystem()
    for (const key of ['first', 'second', 'third']) {
      await using server = await start(disk)
      using client = new Client(server.endpoint)
      await client.put(key, key)
    }
    const [, second = ''] = await disk.list('/data/journal')
    await disk.remove(`/data/journal/${second}`)
    await using server = await start(disk)
    using client = new Client(server.endpoint)
    expect(await client.get('first')).toBe('first')
    expect(await client.get('third')).toBe('third')
    expect((await client.ready()).text).toMatch(/^ok\ndegraded: damaged: journal segment/)
    expect(await client.put('second', 'again')).toBe(200)
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

it('gets back what was deleted on a full disk that is small beside a data file', async () => {
  const small = { chunkSizeMax: 65_536, inlineSizeMax: 4096, compactionAgeMinMs: 0 }
  const settings = { ...small, compactionIntervalMs: 100 }
  await using server = await start(new MemoryFileSystem({ capacity: 16e6 }), 0, settings)
  using client = new Client(server.endpoint)
  const body = () => randomBytes(150_000).toString('base64')
  const names: string[] = []
  for (let status: number | undefined = 200; status === 200; ) {
    names.push(`f${names.length}`)
    status = await client.put(names.at(-1) ?? '', body())
  }
  expect(names.length).toBeGreaterThan(50)
  // Half of each data file lives.
  const deleted = names.filter((_, index) => index % 2 === 0)
  for (const name of deleted) expect(await client.delete(name)).toBe(204)
  for (let count = 0; count < deleted.length / 2; count++) {
    await expect.poll(() => client.put(`again${count}`, body()), { timeout: 9000 }).toBe(200)
  }
}, 30_000)

it('says at once that a data file is missing, which others were replaced by', async () => {
  const fs = new MemoryFileSystem()
  const settings = { compactionAgeMinMs: 0, compactionIntervalMs: 100, readCacheSize: 0 }
  const folder = '/data/hot'
  {
    await using server = await start(fs)
    using client = new Client(server.endpoint)
    for (const name of ['a', 'b']) await client.put(name, randomBytes(150_000).toString('base64'))
    await client.delete('a')
  }
  const before = await fs.list(folder)
  {
    await using _server = await start(fs, 0, settings)
    await expect.poll(() => fs.list(folder), { timeout: 5000 }).not.toEqual(before)
    await expect.poll(async () => (await fs.list(folder)).length).toBe(1)
  }
  for (const name of await fs.list(folder)) await fs.remove(`${folder}/${name}`)
  await using server = await start(fs)
  using client = new Client(server.endpoint)
  expect((await client.ready()).text).toContain('degraded: missing: data file')
  expect(await client.get('b')).toBe('InternalError')
})
