import { describe, expect, it } from 'vitest'
import { envNameOf, flagOf, settingNames, settingOf } from '../../src/config/schema.ts'

describe('the table of settings', () => {
  it('keeps the names that are promised', () => {
    const promised = {
      dataDir: ['VARVE_DATA_DIR', './data'],
      host: ['VARVE_HOST', '127.0.0.1'],
      port: ['VARVE_PORT', 9000],
      region: ['VARVE_REGION', 'us-east-1'],
      rootAccessKey: ['VARVE_ROOT_ACCESS_KEY', null],
      rootSecretKey: ['VARVE_ROOT_SECRET_KEY', null],
      buckets: ['VARVE_BUCKETS', []],
      domain: ['VARVE_DOMAIN', []],
    } as const
    for (const [name, [env, value]] of Object.entries(promised)) {
      expect(settingNames.find((each) => envNameOf(each) === env)).toBe(name)
      expect(settingOf(name as keyof typeof promised).default).toEqual(value)
    }
    expect(['dataDir', 'host', 'port'].map((name) => flagOf(name as 'port'))).toEqual([
      '--data',
      '--host',
      '--port',
    ])
  })

  it.each(settingNames)('%s has a default that its kind takes back, and a sentence', (name) => {
    const { kind, default: value, sentence } = settingOf(name)
    if (value !== null) expect(kind.parse(kind.format(value))).toEqual(value)
    expect(sentence).toMatch(/^[A-Z].*\.$/)
  })

  it('gives no secret a flag, and no two settings the same spelling', () => {
    const flags = settingNames.map((name) => flagOf(name)).filter((flag) => flag !== null)
    expect(new Set(flags).size).toBe(flags.length)
    expect(new Set(settingNames.map(envNameOf)).size).toBe(settingNames.length)
    expect(flagOf('rootSecretKey')).toBeNull()
  })
})
