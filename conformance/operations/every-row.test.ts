/** Rows that do nothing, or only say that nothing is configured: each of them, as the table has it. */
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/s3/operation.ts'
import { operations } from '../../src/s3/operations.ts'
import { useServer } from '../harness/fixture.ts'
import type { WireReply } from '../harness/wire.ts'
import { assertWellFormed, elements } from '../harness/xml.ts'

const varve = useServer()

const rows = (support: Operation['support']) =>
  operations.filter((row) => row.support === support).map((row) => [row.name, row] as const)

async function ask(row: Operation, bucket: string, body = '<Anything/>'): Promise<WireReply> {
  const { method, resource, query = [], header } = row.route
  const parameters = query.map((part) => (part.includes('=') ? part : `${part}=`))
  return await varve.wire.send({
    method,
    path: { service: '/', bucket: `/${bucket}`, object: `/${bucket}/kept` }[resource],
    query: parameters.join('&'),
    headers: header === undefined ? {} : { [header]: 'x' },
    ...(method === 'PUT' || method === 'POST' ? { body } : {}),
  })
}

async function bucketWithOneObject(): Promise<string> {
  const bucket = await varve.bucket()
  await varve.wire.send({ method: 'PUT', path: `/${bucket}/kept`, body: 'untouched' })
  return bucket
}

async function expectUntouched(bucket: string): Promise<void> {
  const kept = await varve.wire.send({ method: 'GET', path: `/${bucket}/kept` })
  expect([kept.status, kept.text]).toEqual([200, 'untouched'])
  const list = await varve.wire.send({ method: 'GET', path: `/${bucket}` })
  expect(elements(list.text, 'Key')).toEqual(['kept'])
}

describe('What the table refuses', () => {
  it.each(rows('refused'))('%s says so, and touches nothing', async (_, row) => {
    const bucket = await bucketWithOneObject()
    const reply = await ask(row, bucket)
    expect([reply.status, reply.code]).toEqual([501, 'NotImplemented'])
    assertWellFormed(reply.text)
    await expectUntouched(bucket)
  })
})

describe('What the table answers without acting', () => {
  it.each(rows('neutral'))('%s never fails for want of an implementation', async (_, row) => {
    const bucket = await bucketWithOneObject()
    const reply = await ask(row, bucket)
    const isRead = row.route.method === 'GET' || row.route.method === 'HEAD'
    if (isRead) expect([200, 400, 404]).toContain(reply.status)
    // A document that would change something is not taken as if it had.
    if (row.route.method === 'PUT') expect(reply.status).toBeGreaterThanOrEqual(400)
    if (reply.text !== '') assertWellFormed(reply.text)
    await expectUntouched(bucket)
  })

  it.each(rows('neutral'))('%s knows no bucket that is not', async (_, row) => {
    if (row.route.method !== 'GET' && row.route.method !== 'DELETE') return
    const reply = await ask(row, 'no-such-bucket-anywhere')
    expect([reply.status, reply.code]).toEqual([404, 'NoSuchBucket'])
  })
})
