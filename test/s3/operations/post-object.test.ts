import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import { noise } from '../../store/store-requests.ts'
import { type Fields, FormBed } from '../support/form-bed.ts'

/** A placeholder of S3's, not of this language. */
const FILE_NAME = `$${'{filename}'}`

let bed: FormBed
beforeAll(async () => {
  bed = await FormBed.open()
})
afterAll(() => bed[Symbol.asyncDispose]())

describe('a signed form', () => {
  it('stores its file under its key, and says so with 204', async () => {
    const reply = await bed.post({ fields: { key: 'plain', 'Content-Type': 'text/html' } })
    expect(reply.status).toBe(204)
    const object = await bed.stored('plain')
    expect(object.content.toString()).toBe('content')
    expect(object.attributes.headers.contentType).toBe('text/html')
    expect(reply.headers.get('etag')).toBe(`"${object.etag}"`)
    expect(reply.headers.get('location')).toBe(`${bed.server.endpoint}/forms/plain`)
  })

  it('is logged with who signed it', async () => {
    await bed.post({ fields: { key: 'logged' } })
    const event = bed.server.events.at(-1)
    expect(event).toMatchObject({ operation: 'PostObject', principal: { kind: 'root' } })
  })

  it('takes the name of the file into the key, without its folders', async () => {
    const conditions = [['starts-with', '$key', 'up/']]
    const fields = { key: `up/${FILE_NAME}-${FILE_NAME}` }
    const reply = await bed.post({ fields, conditions, fileName: 'C:\\photos\\$& ü.txt' })
    expect(reply.status).toBe(204)
    expect((await bed.stored('up/$& ü.txt-$& ü.txt')).content.toString()).toBe('content')
  })

  it('takes all a PutObject takes by header', async () => {
    const fields = {
      key: 'all',
      acl: 'public-read',
      'x-amz-meta-name': 'ü',
      'Cache-Control': 'no-store',
      'x-amz-storage-class': 'STANDARD_IA',
      tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>',
      'x-amz-checksum-sha256': '7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=',
      'x-ignore-me': 'whatever',
    }
    expect((await bed.post({ fields })).status).toBe(204)
    const { attributes, checksum } = await bed.stored('all')
    expect(attributes).toMatchObject({
      acl: 'public-read',
      storageClass: 'STANDARD_IA',
      tags: [{ key: 'a', value: '1' }],
    })
    expect(attributes.metadata.get('name')).toBe(Buffer.from('ü').toString('latin1'))
    expect(checksum?.algorithm).toBe('SHA256')
  })

  it('streams a large file', async () => {
    const file = noise(9 * 1024 * 1024)
    const conditions = [['content-length-range', 0, file.length]]
    expect((await bed.post({ fields: { key: 'large' }, conditions, file })).status).toBe(204)
    expect((await bed.stored('large')).content.equals(file)).toBe(true)
  })

  it.each([
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ])('answers success_action_status %s with %i', async (wanted, status) => {
    const fields = { key: `status ${wanted}`, success_action_status: wanted }
    const reply = await bed.post({ fields })
    expect(reply.status).toBe(status)
    const text = await reply.text()
    if (status === 201) {
      expect(text).toContain('<Bucket>forms</Bucket><Key>status 201</Key><ETag>&quot;')
      expect(text).toContain(`<Location>${bed.server.endpoint}/forms/status%20201</Location>`)
    } else expect(text).toBe('')
  })

  it('redirects where it asks to, and only to the web', async () => {
    const target = 'http://example.org/done?a=1'
    const reply = await bed.post({ fields: { key: 'r&d', success_action_redirect: target } })
    expect(reply.status).toBe(303)
    const { etag } = await bed.stored('r&d')
    expect(reply.headers.get('location')).toBe(
      `${target}&bucket=forms&key=r%26d&etag=%22${etag}%22`,
    )
    for (const nowhere of ['javascript:alert(1)', 'no url', 'http://x\r\nx: y']) {
      const other = await bed.post({ fields: { key: 'r2', success_action_redirect: nowhere } })
      expect(other.headers.get('x')).toBeNull()
      expect([204, 303]).toContain(other.status)
      expect(other.headers.get('location')).not.toMatch(/javascript|\s/)
    }
  })
})

describe('a form that nobody signed', () => {
  it('is taken where everybody may write', async () => {
    const fields = { key: 'anyone', acl: 'public-read', 'Content-Type': 'text/plain' }
    expect((await bed.send('open', fields)).status).toBe(204)
    expect((await bed.stored('anyone', 'open')).attributes.acl).toBe('public-read')
  })

  it.each(['forms', 'listed'])('is refused in the bucket %s', async (bucket) => {
    const reply = await bed.send(bucket, { key: 'anyone' })
    expect(await bed.refused(reply, 'anyone', bucket)).toBe('403 AccessDenied')
  })

  it('is refused where ACLs do not count', async () => {
    await bed.bucket('public-read-write', 'shut')
    await bed.server.store.putBucketConfig('shut' as BucketName, 'publicAccessBlock', {
      blockPublicAcls: false,
      ignorePublicAcls: true,
      blockPublicPolicy: false,
      restrictPublicBuckets: false,
    })
    const reply = await bed.send('shut', { key: 'anyone' })
    expect(await bed.refused(reply, 'anyone', 'shut')).toBe('403 AccessDenied')
  })

  it('can say nothing that means nothing, but what it says is to be ignored', async () => {
    const reply = await bed.send('open', { key: 'odd', color: 'red' })
    expect(await bed.refused(reply, 'odd', 'open')).toBe('400 InvalidArgument')
    expect((await bed.send('open', { key: 'odd', 'x-ignore-color': 'red' })).status).toBe(204)
  })

  it('makes no object that could not be read', async () => {
    const reply = await bed.send('open', { key: 'odd name', 'x-amz-meta-ü': 'red' })
    expect(await bed.refused(reply, 'odd name', 'open')).toBe('400 InvalidArgument')
  })

  it.each([
    [{ key: 'sse', 'x-amz-server-side-encryption': 'AES256' }, '501 NotImplemented'],
    [{ key: 'sse', 'x-amz-checksum-sha256': 'sailorjerry' }, '400 BadDigest'],
    [
      { key: 'sse', 'x-amz-checksum-sha256': 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=' },
      '400 BadDigest',
    ],
    [{ key: 'sse', tagging: 'a=b' }, '400 MalformedXML'],
    [{ key: 'sse', bucket: 'forms' }, '400 InvalidArgument'],
    [{ acl: 'private' }, '400 InvalidArgument'],
    [{ key: 'k'.repeat(1025) }, '400 KeyTooLongError'],
  ] as const)('is refused for %j', async (fields, answer) => {
    expect(await bed.refused(await bed.send('open', fields as Fields), 'sse', 'open')).toBe(answer)
  })
})
