import { setTimeout as sleep } from 'node:timers/promises'
import { CopyObjectCommand, CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { S3Error } from '../../src/s3/errors.ts'
import { patientReply } from '../../src/s3/patient-reply.ts'
import type { S3Reply } from '../../src/s3/request.ts'
import { xmlDocument } from '../../src/s3/xml/write-xml.ts'
import { StoreError } from '../../src/store/errors.ts'
import { refusal } from '../http/support/refusal.ts'
import { replacing } from '../http/support/replacing.ts'
import { S3Server } from '../http/support/s3-server.ts'
import { readAll } from './support/s3-request.ts'

const options = { renderError: (cause: unknown) => `failed: ${cause}`, patienceMs: 20 }

describe('an operation that takes long', () => {
  it('is passed on when it does not', async () => {
    const reply: S3Reply = { status: 200, headers: { etag: 'x' }, body: 'document' }
    expect(await patientReply(Promise.resolve(reply), options)).toBe(reply)
    const error = new S3Error('NoSuchKey')
    await expect(patientReply(Promise.reject(error), options)).rejects.toBe(error)
  })

  it('is answered at once, with white space until it is done', async () => {
    const body = xmlDocument('Result', [])
    const reply = await patientReply(
      sleep(100).then(() => ({ status: 200, headers: {}, body })),
      options,
    )
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/xml' } })
    const text = (await readAll(reply.body as AsyncIterable<Uint8Array>)).toString()
    expect(text).toMatch(/^<\?xml [^>]*\?>\n {1,6}<Result /)
    expect(text.match(/<\?xml/g)).toHaveLength(1)
  })

  it('may still fail, in the document', async () => {
    const failing = sleep(50).then(() => Promise.reject(new Error('late')))
    const reply = await patientReply(failing, options)
    const text = (await readAll(reply.body as AsyncIterable<Uint8Array>)).toString()
    expect(text).toMatch(/ failed: Error: late$/)
  })
})

describe('over HTTP', () => {
  const Bucket = 'slow-bucket'
  const slowCopies = async (fails: boolean) => {
    const server = await S3Server.open({
      patience: { patienceMs: 30 },
      wrapStore: (store) =>
        replacing(store, {
          async copyObject(input) {
            await sleep(150)
            if (fails) throw new StoreError('no-such-key')
            return store.copyObject(input)
          },
        }),
    })
    await server.client.send(new CreateBucketCommand({ Bucket }))
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    return server
  }
  const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` })

  it('the SDK takes the late answer', async () => {
    await using server = await slowCopies(false)
    const { CopyObjectResult, $metadata } = await server.client.send(copy)
    expect($metadata.httpStatusCode).toBe(200)
    expect(CopyObjectResult?.ETag).toBe('"9dd4e461268c8034f5c8564e155c67a6"')
  })

  it('the SDK takes the late failure for one, and so does the log', async () => {
    await using server = await slowCopies(true)
    expect((await refusal(server.client.send(copy))).code).toBe('NoSuchKey')
    while (server.events.at(-1)?.operation !== 'CopyObject') await sleep(5)
    expect(server.events.at(-1)).toMatchObject({ status: 200, errorCode: 'NoSuchKey' })
  })
})
