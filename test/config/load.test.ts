import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { configFrom, type LoadInput, loadConfig } from '../../src/config/load.ts'
import { settingNames } from '../../src/config/schema.ts'

/** Files by path; everything else as given. */
function load(input: Partial<LoadInput> & { readonly files?: Record<string, string> } = {}) {
  return loadConfig({
    flags: {},
    configPath: null,
    environment: {},
    readText: async (path) => input.files?.[path] ?? null,
    ...input,
  })
}

async function problemsOf(promise: Promise<unknown>): Promise<readonly string[]> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError')
  return error.problems
}

describe('settings without anything given', () => {
  it('are the defaults of the table', async () => {
    const { config, sources } = await load()
    expect(config).toMatchObject({
      dataDir: './data',
      host: '127.0.0.1',
      port: 9000,
      region: 'us-east-1',
      rootAccessKey: null,
      rootSecretKey: null,
      buckets: [],
      domain: [],
      drainTimeoutMs: 30_000,
    })
    expect(Object.values(sources).every(({ origin }) => origin === 'default')).toBe(true)
  })

  it('are frozen and complete', async () => {
    const { config } = await load()
    expect(Object.keys(config)).toEqual(settingNames)
    expect(Object.isFrozen(config)).toBe(true)
  })
})

describe('precedence', () => {
  const everywhere = {
    flags: { port: '1' },
    environment: { VARVE_PORT: '2', VARVE_REGION: 'from-environment' },
    files: {
      'varve.config.json': '{ "port": 3, "region": "from-file", "host": "from-file" }',
    },
  } as const

  it('is flag, environment, file, default', async () => {
    const { config, sources } = await load(everywhere)
    expect(config).toMatchObject({
      port: 1,
      region: 'from-environment',
      host: 'from-file',
      dataDir: './data',
    })
    expect(sources.port).toEqual({ origin: 'flag', spelling: '--port' })
    expect(sources.region).toEqual({ origin: 'environment', spelling: 'VARVE_REGION' })
    expect(sources.host).toEqual({ origin: 'file', spelling: 'varve.config.json: host' })
  })

  it('checks a value even when a stronger one stands above it', async () => {
    const problems = await problemsOf(
      load({ flags: { port: '1' }, environment: { VARVE_PORT: 'x' } }),
    )
    expect(problems).toHaveLength(1)
  })

  it.each([
    ['--config', { configPath: 'a.json' }],
    ['VARVE_CONFIG', { environment: { VARVE_CONFIG: 'a.json' } }],
    ['--config before VARVE_CONFIG', { configPath: 'a.json', environment: { VARVE_CONFIG: 'b' } }],
  ])('reads the file that %s names, and not the one of the directory', async (_name, input) => {
    const files = { 'a.json': '{"port": 4}', 'varve.config.json': '{"region": "elsewhere"}' }
    const { config } = await load({ ...input, files })
    expect(config).toMatchObject({ port: 4, region: 'us-east-1' })
  })
})

describe('the environment', () => {
  it('takes an empty variable for one that is not set', async () => {
    const { config } = await load({ environment: { VARVE_PORT: '', VARVE_BUCKETS: '' } })
    expect(config).toMatchObject({ port: 9000, buckets: [] })
  })

  it('reads lists between commas', async () => {
    const { config } = await load({
      environment: { VARVE_BUCKETS: 'one, two', VARVE_DOMAIN: 's3.example.com,localhost' },
    })
    expect(config.buckets).toEqual(['one', 'two'])
    expect(config.domain).toEqual(['s3.example.com', 'localhost'])
  })

  it('passes over what Kubernetes says of a service called varve', async () => {
    const { config } = await load({
      environment: {
        VARVE_SERVICE_HOST: '10.0.0.1',
        VARVE_SERVICE_PORT: '9000',
        VARVE_SERVICE_PORT_S3: '9000',
        VARVE_PORT: 'tcp://10.0.0.1:9000',
        VARVE_PORT_9000_TCP: 'tcp://10.0.0.1:9000',
        VARVE_PORT_9000_TCP_ADDR: '10.0.0.1',
      },
    })
    expect(config.port).toBe(9000)
  })

  it('leaves the variables of others alone', async () => {
    await expect(load({ environment: { VARVELOUS: '1', PORT: 'x' } })).resolves.toBeDefined()
  })
})

describe('what is wrong', () => {
  it('is reported all at once, each with the sentence of its setting', async () => {
    const problems = await problemsOf(
      load({
        flags: { port: '65536' },
        environment: { VARVE_REGION: 'Not A Region', VARVE_PROT: '1' },
        files: { 'varve.config.json': '{ "requestsMax": 0, "bukets": [] }' },
      }),
    )
    expect(problems).toEqual([
      'varve.config.json: bukets: there is no such setting; did you mean buckets?',
      'VARVE_PROT: there is no such setting; did you mean VARVE_PORT?',
      'varve.config.json: requestsMax: expected a whole number from 1 to 100000, not 0. ' +
        'Requests in progress; further ones are told to slow down.',
      'VARVE_REGION: expected lower-case letters, digits and hyphens, not "Not A Region". ' +
        'Region that clients sign for and that buckets are in.',
      '--port: expected a whole number from 0 to 65535, not "65536". ' +
        'TCP port to listen on; 0 takes any free one.',
    ])
  })

  it('includes settings that do not go together, where each is right by itself', async () => {
    const environment = {
      VARVE_PORT: 'x',
      VARVE_ROOT_ACCESS_KEY: 'root',
      VARVE_REQUESTS_MAX: '10',
      VARVE_BODIES_MAX: '-1',
    }
    expect(await problemsOf(load({ environment }))).toEqual([
      expect.stringMatching(/^VARVE_PORT: expected/),
      expect.stringMatching(/^VARVE_BODIES_MAX: expected/),
      'rootAccessKey and rootSecretKey are given together or not at all',
    ])
  })

  it('never shows a secret', async () => {
    const environment = { VARVE_ROOT_ACCESS_KEY: 'root', VARVE_ROOT_SECRET_KEY: 'tiny' }
    const problems = await problemsOf(load({ environment }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('VARVE_ROOT_SECRET_KEY: expected 8 to 128 characters')
    expect(problems[0]).not.toContain('tiny')
  })

  it('quotes nothing of a config file that is not JSON', async () => {
    const files = { 'varve.config.json': '{"rootSecretKey": tinysecret}' }
    const problems = await problemsOf(load({ files }))
    expect(problems).toEqual([expect.stringMatching(/^varve\.config\.json: is not JSON: Unexp/)])
    expect(problems[0]).not.toContain('inys')
  })

  it.each([
    ['an access key alone', { VARVE_ROOT_ACCESS_KEY: 'root' }],
    ['a secret key alone', { VARVE_ROOT_SECRET_KEY: 'long enough'.replace(' ', '-') }],
    ['chunks below the inline size', { VARVE_CHUNK_SIZE_MAX: '4KiB' }],
    ['more bodies than requests', { VARVE_REQUESTS_MAX: '10' }],
    ['an endpoint with a password in it', { VARVE_COLD_ENDPOINT: 'https://me:secret@s3.test' }],
    ['a bucket that cannot be', { VARVE_BUCKETS: 'fine,Not_Fine' }],
    [
      'an access key that breaks signatures',
      {
        VARVE_ROOT_ACCESS_KEY: 'a,b,c',
        VARVE_ROOT_SECRET_KEY: 'long-enough',
      },
    ],
    ['a file that is named and missing', { VARVE_CONFIG: 'missing.json' }],
  ])('includes %s', async (_name, environment) => {
    expect(await problemsOf(load({ environment }))).toHaveLength(1)
  })

  it.each(['', 'port = 9000', '[]', 'null', '"text"', '{"port": "x"}', '{"port": null}'])(
    'includes a config file that says %j',
    async (text) => {
      expect(await problemsOf(load({ files: { 'varve.config.json': text } }))).toHaveLength(1)
    },
  )

  it('includes a config file that cannot be read', async () => {
    const readText = () => Promise.reject(new Error('EACCES'))
    const problems = await problemsOf(load({ readText }))
    expect(problems).toEqual(['varve.config.json: cannot be read: EACCES'])
  })
})

describe('settings given by a program', () => {
  it('are checked like all others, with defaults for the rest', () => {
    expect(configFrom({ port: 0, buckets: ['one'], region: undefined })).toMatchObject({
      port: 0,
      buckets: ['one'],
      region: 'us-east-1',
    })
    expect(() => configFrom({ port: -1, buckets: ['No'] })).toThrow(/port: .*\nbuckets: /)
    expect(() => configFrom({ rootAccessKey: 'root' })).toThrow(/together/)
    expect(() => configFrom({ port: -1, rootAccessKey: 'root' })).toThrow(/port: .*\n.*together/)
  })
})
