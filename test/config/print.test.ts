import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { printConfig, printConfigAsJson } from '../../src/config/print.ts'

const SECRET = 'a-very-secret-key'

const loaded = await loadConfig({
  flags: { port: '0' },
  configPath: null,
  environment: { VARVE_ROOT_ACCESS_KEY: 'root', VARVE_ROOT_SECRET_KEY: SECRET },
  readText: async () => '{"buckets": ["one", "two"], "segmentSizeMax": "64MiB"}',
})

describe('the printed settings', () => {
  it('say what each is and where it came from', () => {
    const lines = printConfig(loaded).split('\n')
    const line = (name: string) => lines.find((each) => each.startsWith(`${name} `))
    expect(line('port')).toMatch(/^port +0 +--port$/)
    expect(line('rootAccessKey')).toMatch(/root +VARVE_ROOT_ACCESS_KEY$/)
    expect(line('buckets')).toMatch(/one,two +varve\.config\.json: buckets$/)
    expect(line('segmentSizeMax')).toMatch(/64MiB +varve\.config\.json/)
    expect(line('host')).toMatch(/127\.0\.0\.1 +default$/)
    expect(line('domain')).toMatch(/\(not set\) +default$/)
  })

  it('hide secrets, also from programs', () => {
    expect(printConfig(loaded)).toMatch(/rootSecretKey +\(hidden\) +VARVE_ROOT_SECRET_KEY/)
    expect(printConfig(loaded)).not.toContain(SECRET)
    expect(printConfigAsJson(loaded)).not.toContain(SECRET)
  })

  it('can be read by programs', () => {
    expect(JSON.parse(printConfigAsJson(loaded))).toMatchObject({
      port: { value: 0, origin: 'flag', spelling: '--port' },
      buckets: { value: ['one', 'two'], origin: 'file' },
      rootSecretKey: { value: null, origin: 'environment' },
    })
  })
})
