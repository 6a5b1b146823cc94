import { describe, expect, it } from 'vitest'
import { memoryGround } from '../../src/compose/ground.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { silentLog } from '../../src/telemetry/log.ts'

const metricsToken = 'a-token-of-more-than-16'

async function start(settings: Parameters<typeof configFrom>[0]) {
  const config = configFrom({ dataDir: '/data', port: 0, buckets: ['metrics'], ...settings })
  return startServer({ config, ground: await memoryGround(), log: silentLog })
}

function withBearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } }
}

describe('/metrics', () => {
  it('is not there unless it is asked for: the path is a bucket like any other', async () => {
    await using server = await start({})
    const reply = await fetch(`${server.endpoint}/metrics`)
    expect(reply.status).toBe(403)
    expect(await reply.text()).toContain('<Code>AccessDenied</Code>')
  })

  it('tells whoever has the token what the server does and holds', async () => {
    await using server = await start({ metrics: 'token', metricsToken })
    await fetch(`${server.endpoint}/metrics/nothing`)
    const reply = await fetch(`${server.endpoint}/metrics`, withBearer(metricsToken))
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toContain('text/plain')
    const text = await reply.text()
    expect(text).toContain('varve_http_requests_total{operation="GetObject",status="403"} 1')
    expect(text).toContain('varve_bucket_objects{bucket="metrics"} 0')
    expect(text).toContain('varve_ready 1')
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })

  it.each(['', 'a-token-of-more-than-17', `${metricsToken}x`])(
    'refuses the token %j',
    async (token) => {
      await using server = await start({ metrics: 'token', metricsToken })
      const reply = await fetch(`${server.endpoint}/metrics`, withBearer(token))
      expect(reply.status).toBe(401)
      expect(await reply.text()).not.toContain('varve_')
    },
  )

  it('refuses whoever has none', async () => {
    await using server = await start({ metrics: 'token', metricsToken })
    expect((await fetch(`${server.endpoint}/metrics`)).status).toBe(401)
  })

  it('is open to everybody where that is wanted', async () => {
    await using server = await start({ metrics: 'public' })
    const reply = await fetch(`${server.endpoint}/metrics`)
    expect(await reply.text()).toContain('varve_ready 1')
  })

  it('wants the token and the word for it together', () => {
    expect(() => configFrom({ metrics: 'token' })).toThrow('metricsToken')
    expect(() => configFrom({ metricsToken })).toThrow('metricsToken')
  })
})
