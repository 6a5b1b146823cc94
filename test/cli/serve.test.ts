import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it, vi } from 'vitest'
import { temporaryFolder, VarveProcess, type VarveProcessOptions } from './varve-process.ts'

vi.setConfig({ testTimeout: 60_000 })

const keys = { VARVE_ROOT_ACCESS_KEY: 'ROOT', VARVE_ROOT_SECRET_KEY: 'root-secret-key' }

function serve(dataDir: string, options: VarveProcessOptions = {}): VarveProcess {
  return new VarveProcess(['serve', '--data', dataDir, '--port', '0'], {
    ...options,
    env: { ...keys, ...options.env },
  })
}

function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'ROOT', secretAccessKey: 'root-secret-key' },
  })
}

const object = { Bucket: 'photos', Key: 'a/b c.txt' }

describe('varve serve', () => {
  it('keeps what it stored across a SIGTERM, and exits 0', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'new', 'data')
    {
      await using server = serve(data, { env: { VARVE_BUCKETS: 'photos,films' } })
      const s3 = clientOf(await server.endpoint())
      await s3.send(new PutObjectCommand({ ...object, Body: 'kept' }))
      s3.destroy()
      server.signal('SIGTERM')
      expect(await server.exited).toBe(0)
      expect(server.log.at(-1)).toMatchObject({ msg: 'stopped', isClean: true })
    }
    // The same buckets again: making them is idempotent.
    await using server = serve(data, { env: { VARVE_BUCKETS: 'photos,films' } })
    const s3 = clientOf(await server.endpoint())
    const { Body } = await s3.send(new GetObjectCommand(object))
    expect(await Body?.transformToString()).toBe('kept')
    s3.destroy()
    server.signal('SIGINT')
    expect(await server.exited).toBe(0)
  })

  it('writes one line a request, and no secret', async () => {
    await using folder = await temporaryFolder()
    await using server = serve(folder.path, { env: { VARVE_BUCKETS: 'photos' } })
    const s3 = clientOf(await server.endpoint())
    const { $metadata } = await s3.send(new PutObjectCommand({ ...object, Body: 'five!' }))
    s3.destroy()
    server.signal('SIGTERM')
    await server.exited
    expect(server.log.filter(({ msg }) => msg === 'request')).toMatchObject([
      { operation: 'PutObject', requestId: $metadata.requestId, status: 200, accessKey: 'ROOT' },
    ])
    expect(server.stderr + server.stdout).not.toContain('root-secret-key')
  })

  it('makes keys at the first start, shows them once and keeps them to itself', async () => {
    await using folder = await temporaryFolder()
    const args = ['serve', '--data', folder.path, '--port', '0']
    const file = join(folder.path, 'credentials.json')
    {
      await using first = new VarveProcess(args)
      await first.endpoint()
      const { accessKey, secretKey } = JSON.parse(await readFile(file, 'utf8'))
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      await vi.waitFor(() => expect(first.stdout).toContain(`AWS_SECRET_ACCESS_KEY=${secretKey}`))
      expect(first.stdout).toContain(`AWS_ACCESS_KEY_ID=${accessKey}`)
      expect(first.stderr).not.toContain(secretKey)
      first.signal('SIGTERM')
      expect(await first.exited).toBe(0)
    }
    const { secretKey } = JSON.parse(await readFile(file, 'utf8'))
    await using second = new VarveProcess(args)
    await second.endpoint()
    second.signal('SIGTERM')
    await second.exited
    expect(second.stdout + second.stderr).not.toContain(secretKey)
  })

  it('lets a request under way finish before it ends', async () => {
    await using folder = await temporaryFolder()
    await using server = serve(folder.path, { env: { VARVE_BUCKETS: 'photos' } })
    const s3 = clientOf(await server.endpoint())
    const upload = pausedUpload()
    const put = s3.send(new PutObjectCommand({ ...object, ...upload.body }))
    await upload.started
    server.signal('SIGTERM')
    await vi.waitFor(() => expect(server.log.at(-1)?.['msg']).toBe('stopping'))
    upload.finish()
    await expect(put).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } })
    s3.destroy()
    expect(await server.exited).toBe(0)
    expect(server.log.at(-1)).toMatchObject({ msg: 'stopped', isClean: true })
  })

  it('ends at once at a second signal', async () => {
    await using folder = await temporaryFolder()
    await using server = serve(folder.path, { env: { VARVE_BUCKETS: 'photos' } })
    const s3 = clientOf(await server.endpoint())
    const upload = pausedUpload()
    const put = s3.send(new PutObjectCommand({ ...object, ...upload.body })).catch(() => 'cut off')
    await upload.started
    server.signal('SIGTERM')
    await vi.waitFor(() => expect(server.log.at(-1)?.['msg']).toBe('stopping'))
    await new Promise((settle) => setTimeout(settle, 700))
    server.signal('SIGTERM')
    expect(await server.exited).toBe(143)
    upload.finish()
    s3.destroy()
    await put
  })
})

describe('varve serve refuses', () => {
  it('a data directory that another process has, naming it', async () => {
    await using folder = await temporaryFolder()
    await using first = serve(folder.path)
    const endpoint = await first.endpoint()
    await using second = serve(folder.path)
    expect(await second.exited).toBe(1)
    expect(second.stderr).toContain(`varve: ${folder.path} is in use by another Varve process\n`)
    expect((await fetch(`${endpoint}/health/ready`)).status).toBe(200)
  })

  it('a data directory of a newer format, and leaves it as it is', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'varve.json')
    await writeFile(file, '{"format":2}')
    await using server = serve(folder.path)
    expect(await server.exited).toBe(1)
    expect(server.stderr).toMatch(/^varve: .*varve\.json says format 2, .*up to 1: start a newer/m)
    expect(await readFile(file, 'utf8')).toBe('{"format":2}')
  })

  it('a port that is taken, in one line', async () => {
    await using folder = await temporaryFolder()
    const other = createServer()
    await new Promise<void>((settle) => other.listen(0, '127.0.0.1', settle))
    const { port } = other.address() as { port: number }
    const args = ['serve', '--data', folder.path, '--port', String(port)]
    await using server = new VarveProcess(args, { env: { VARVE_LOG_LEVEL: 'error' } })
    expect(await server.exited).toBe(1)
    other.close()
    expect(server.stderr).toBe(
      `varve: another process listens on 127.0.0.1:${port} already; ` +
        'choose another with --port (EADDRINUSE)\n',
    )
    // What had been opened was closed: the directory is free.
    await using next = serve(folder.path)
    await next.endpoint()
  })

  it('a data directory that is a file', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'file'), '')
    await using server = serve(join(folder.path, 'file'))
    expect(await server.exited).toBe(1)
    expect(server.stderr).toMatch(/^varve: the data directory .*file is not a directory/m)
  })

  it('settings that are wrong, all at once, and makes nothing', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'data')
    const env = { VARVE_REGION: 'NO REGION', VARVE_PROT: '1' }
    const args = ['serve', 'now', '--data', data, '--prot', '1', '--port', 'x', '--bucket=a']
    await using server = new VarveProcess(args, { env })
    expect(await server.exited).toBe(1)
    expect(server.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^varve: VARVE_PROT: there is no such setting/),
      'varve: now: there is no such setting',
      'varve: --prot: there is no such setting; did you mean --port?',
      'varve: --bucket: there is no such setting; did you mean --buckets?',
      expect.stringMatching(/^varve: VARVE_REGION: expected/),
      expect.stringMatching(/^varve: --port: expected/),
    ])
    await expect(stat(data)).rejects.toThrow('ENOENT')
  })

  it('a flag that does not exist, without its value', async () => {
    await using server = new VarveProcess(['serve', '--root-secret-key', 'shown-to-everybody'])
    expect(await server.exited).toBe(1)
    expect(server.stderr).toBe('varve: --root-secret-key: there is no such setting\n')
  })
})

describe('varve config', () => {
  it('prints what would count, from the file of the directory too, without secrets', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'work'))
    await writeFile(join(folder.path, 'work', 'varve.config.json'), '{"region":"eu-north-1"}')
    const options = { cwd: join(folder.path, 'work'), env: keys }
    await using config = new VarveProcess(['config', '--port', '1234'], options)
    expect(await config.exited).toBe(0)
    expect(config.stdout).toMatch(/^port +1234 +--port$/m)
    expect(config.stdout).toMatch(/^region +eu-north-1 +varve\.config\.json: region$/m)
    expect(config.stdout).not.toContain('root-secret-key')
    await using json = new VarveProcess(['config', '--json'], options)
    await json.exited
    expect(JSON.parse(json.stdout)).toMatchObject({ rootSecretKey: { value: null } })
  })
})

/** A body of eleven bytes that ends only when told to. */
function pausedUpload() {
  let finish = () => {}
  const gate = new Promise<void>((settle) => {
    finish = settle
  })
  let begin = () => {}
  const started = new Promise<void>((settle) => {
    begin = settle
  })
  async function* bytes() {
    yield Buffer.from('first ')
    begin()
    await gate
    yield Buffer.from('then ')
  }
  const body = { Body: Readable.from(bytes()), ContentLength: 11 }
  return { body, started, finish }
}
