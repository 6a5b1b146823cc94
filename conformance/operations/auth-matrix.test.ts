import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/s3/operation.ts'
import { operations } from '../../src/s3/operations.ts'
import { useServer } from '../harness/fixture.ts'
import type { WireRequest } from '../harness/wire.ts'

const varve = useServer()

/** The request a row of the table answers to, with a placeholder wherever it wants a value. */
function requestFor(operation: Operation, bucket: string): WireRequest {
  const { method, resource, query = [], header } = operation.route
  const path = { service: '/', bucket: `/${bucket}`, object: `/${bucket}/kept` }[resource]
  return {
    method,
    path,
    query: query.map((part) => (part.includes('=') ? part : `${part}=1`)).join('&'),
    headers: header === undefined ? {} : { [header]: `${bucket}/kept` },
    ...(method === 'PUT' || method === 'POST' ? { body: 'intruder' } : {}),
    ...(operation.isForm === true && form),
  }
}

const form = {
  headers: { 'content-type': 'multipart/form-data; boundary=XX' },
  body: ['key', 'file']
    .map((name) => `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nkept\r\n`)
    .concat('--XX--\r\n')
    .join(''),
}

const wrongSecret = 'not/the/secret'
const hourAgo = () => new Date(Date.now() - 3_600_000)

/** Ways in that must stay shut: how each bends a request. */
const intruders: Record<string, (request: WireRequest) => WireRequest> = {
  anonymous: (request) => ({ ...request, auth: 'none' }),
  'bad signature': (request) => ({ ...request, tamper: () => 'f'.repeat(64) }),
  'wrong secret': (request) => ({
    ...request,
    signing: { credentials: { ...varve.endpoint.credentials, secretKey: wrongSecret } },
  }),
  'unknown key': (request) => ({
    ...request,
    signing: { credentials: { accessKey: 'NOBODYNOBODY0000', secretKey: wrongSecret } },
  }),
  'expired presigned URL': (request) => ({
    ...request,
    auth: 'query',
    payloadHash: null,
    signing: { time: hourAgo() },
    expires: 60,
  }),
  'presigned with a bad signature': (request) => ({
    ...request,
    auth: 'query',
    payloadHash: null,
    tamper: () => '0'.repeat(64),
  }),
  'a clock an hour behind': (request) => ({ ...request, signing: { time: hourAgo() } }),
  'an empty Authorization': (request) => ({
    ...request,
    auth: 'none',
    headers: { ...(request.headers as Record<string, string>), authorization: '' },
  }),
  'credentials in the query and no signature': (request) => ({
    ...request,
    auth: 'none',
    query: `${request.query}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${varve.endpoint.credentials.accessKey}`,
  }),
  ...Object.fromEntries(
    [
      'UNSIGNED-PAYLOAD',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    ].flatMap((payloadHash) => [
      [
        `bad signature over ${payloadHash}`,
        (request: WireRequest) => ({ ...request, payloadHash, tamper: () => 'f'.repeat(64) }),
      ],
      [
        `no signature over ${payloadHash}`,
        (request: WireRequest): WireRequest => ({
          ...request,
          auth: 'none',
          headers: {
            ...(request.headers as Record<string, string>),
            'x-amz-content-sha256': payloadHash,
          },
        }),
      ],
    ]),
  ),
}

/** The one row that a stranger may ask: a browser's preflight carries no credentials, ever. */
const open = new Set(operations.filter((row) => row.isPublic === true).map((row) => row.name))
const guarded = operations.filter((row) => !open.has(row.name))

describe.each(Object.keys(intruders))('With %s', (name) => {
  it.each(guarded.map((row) => [row.name, row] as const))('%s is refused', async (_, row) => {
    const bucket = await sharedBucket()
    const bend = intruders[name] as (request: WireRequest) => WireRequest
    const reply = await varve.wire.send(bend(requestFor(row, bucket)))
    expect([400, 403]).toContain(reply.status)
    expect(reply.text).not.toContain('untouched')
  })

  it('nothing was changed', async () => {
    const bucket = await sharedBucket()
    const kept = await varve.wire.send({ method: 'GET', path: `/${bucket}/kept` })
    expect([kept.status, kept.text]).toEqual([200, 'untouched'])
    const list = await varve.wire.send({ method: 'GET', path: `/${bucket}` })
    expect(list.text.match(/<Key>/g)?.length).toBe(1)
  })
})

let shared: Promise<string> | null = null

async function sharedBucket(): Promise<string> {
  shared ??= (async () => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/kept`, body: 'untouched' })
    return bucket
  })()
  return await shared
}
