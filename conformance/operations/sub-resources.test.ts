import { describe, expect, it } from 'vitest'
import { bucketName, useServer } from '../harness/fixture.ts'
import { assertWellFormed, element, elements } from '../harness/xml.ts'

const varve = useServer()

/** What AWS answers about a bucket on which nothing was configured. */
const unset: readonly (readonly [
  operation: string,
  query: string,
  status: number,
  what: string,
])[] = [
  ['GetBucketPolicy', 'policy=', 404, 'NoSuchBucketPolicy'],
  ['GetBucketPolicyStatus', 'policyStatus=', 404, 'NoSuchBucketPolicy'],
  ['GetBucketCors', 'cors=', 404, 'NoSuchCORSConfiguration'],
  ['GetBucketLifecycleConfiguration', 'lifecycle=', 404, 'NoSuchLifecycleConfiguration'],
  ['GetBucketTagging', 'tagging=', 404, 'NoSuchTagSet'],
  ['GetBucketWebsite', 'website=', 404, 'NoSuchWebsiteConfiguration'],
  ['GetBucketReplication', 'replication=', 404, 'ReplicationConfigurationNotFoundError'],
  ['GetObjectLockConfiguration', 'object-lock=', 404, 'ObjectLockConfigurationNotFoundError'],
  ['GetBucketVersioning', 'versioning=', 200, 'VersioningConfiguration'],
  ['GetBucketNotificationConfiguration', 'notification=', 200, 'NotificationConfiguration'],
  ['GetBucketRequestPayment', 'requestPayment=', 200, 'RequestPaymentConfiguration'],
  ['GetBucketLogging', 'logging=', 200, 'BucketLoggingStatus'],
  ['GetBucketAccelerateConfiguration', 'accelerate=', 200, 'AccelerateConfiguration'],
  ['GetBucketAcl', 'acl=', 200, 'AccessControlPolicy'],
]

describe.each(unset)('%s', (_, query, status, what) => {
  it('answers as AWS does when nothing is configured', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    assertWellFormed(reply.text)
    expect(reply.headers['content-type']).toBe('application/xml')
    if (status === 200) expect(elements(reply.text, what).length).toBe(1)
    expect([reply.status, reply.code]).toEqual([status, status === 200 ? null : what])
  })

  it('knows no bucket that is not', async () => {
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucketName()}`, query })
    expect([reply.status, reply.code]).toEqual([404, 'NoSuchBucket'])
  })
})

describe('GetPublicAccessBlock', () => {
  it('answers, and not with 501', async () => {
    const bucket = await varve.bucket()
    const query = 'publicAccessBlock='
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    expect([200, 404]).toContain(reply.status)
    if (reply.status === 404) expect(reply.code).toBe('NoSuchPublicAccessBlockConfiguration')
  })
})

describe('GetBucketOwnershipControls', () => {
  it('answers, and not with 501', async () => {
    const bucket = await varve.bucket()
    const query = 'ownershipControls='
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    expect([200, 404]).toContain(reply.status)
    if (reply.status === 404) expect(reply.code).toBe('OwnershipControlsNotFoundError')
  })
})

describe('GetBucketEncryption', () => {
  it('answers, and not with 501', async () => {
    const bucket = await varve.bucket()
    const query = 'encryption='
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    expect([200, 404]).toContain(reply.status)
    if (reply.status === 404) {
      expect(reply.code).toBe('ServerSideEncryptionConfigurationNotFoundError')
    }
  })
})

describe('GetBucketAcl', () => {
  it('gives the owner full control, and nobody else anything', async () => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query: 'acl=' })
    expect(elements(reply.text, 'Permission')).toEqual(['FULL_CONTROL'])
    expect(element(reply.text, 'ID')).toMatch(/./)
    expect(reply.text).toContain('xsi:type="CanonicalUser"')
  })
})

describe('GetObjectAcl', () => {
  it('gives the owner full control, and knows no key that is not', async () => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x' })
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}/k`, query: 'acl=' })
    expect([reply.status, ...elements(reply.text, 'Permission')]).toEqual([200, 'FULL_CONTROL'])
    const absent = await varve.wire.send({ method: 'GET', path: `/${bucket}/no`, query: 'acl=' })
    expect([absent.status, absent.code]).toEqual([404, 'NoSuchKey'])
  })
})

describe.each(['PutBucketAcl', 'PutObjectAcl'])('%s', (name) => {
  const target = async (): Promise<string> => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x' })
    return name === 'PutBucketAcl' ? `/${bucket}` : `/${bucket}/k`
  }

  it('takes "private", which is how it is', async () => {
    const headers = { 'x-amz-acl': 'private' }
    const path = await target()
    const reply = await varve.wire.send({ method: 'PUT', path, query: 'acl=', headers })
    expect(reply.status).toBe(200)
  })

  it('takes back the document it gave out, as s3cmd sends it', async () => {
    const path = await target()
    const { text } = await varve.wire.send({ method: 'GET', path, query: 'acl=' })
    const reply = await varve.wire.send({ method: 'PUT', path, query: 'acl=', body: text })
    expect(reply.status).toBe(200)
  })

  it('does not pretend to let the public in', async () => {
    const headers = { 'x-amz-acl': 'public-read' }
    const path = await target()
    const put = await varve.wire.send({ method: 'PUT', path, query: 'acl=', headers })
    const acl = await varve.wire.send({ method: 'GET', path, query: 'acl=' })
    const anonymous = await varve.wire.send({ method: 'GET', path, auth: 'none' })
    expect(anonymous.status).toBe(403)
    expect(elements(acl.text, 'Permission')).toEqual(['FULL_CONTROL'])
    expect(put.status).toBeLessThan(501)
  })
})

describe('ListObjectVersions', () => {
  it('names every object once, as its null version', async () => {
    const bucket = await varve.bucket()
    for (const key of ['a', 'b']) {
      await varve.wire.send({ method: 'PUT', path: `/${bucket}/${key}`, body: 'x' })
    }
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query: 'versions=' })
    expect(reply.status).toBe(200)
    expect(elements(reply.text, 'Key')).toEqual(['a', 'b'])
    expect(elements(reply.text, 'VersionId')).toEqual(['null', 'null'])
    expect(elements(reply.text, 'IsLatest')).toEqual(['true', 'true'])
  })
})

describe.each([
  ['GetObjectRetention', 'retention='],
  ['GetObjectLegalHold', 'legal-hold='],
])('%s', (_, query) => {
  it('finds nothing configured', async () => {
    const bucket = await varve.bucket()
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'x' })
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}/k`, query })
    expect([400, 404]).toContain(reply.status)
  })
})

describe('What is not there', () => {
  it.each(['analytics=', 'inventory=', 'metrics=', 'intelligent-tiering='])(
    'a list of ?%s is empty or refused in XML, never an object listing',
    async (query) => {
      const bucket = await varve.bucket()
      const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
      assertWellFormed(reply.text)
      expect(reply.text).not.toContain('ListBucketResult ')
      expect(elements(reply.text, 'ListBucketResult')).toEqual([])
    },
  )

  it.each([
    'policy=',
    'cors=',
    'lifecycle=',
    'website=',
    'replication=',
    'encryption=',
    'notification=',
    'versioning=',
    'tagging=',
    'object-lock=',
    'logging=',
  ])('PUT ?%s is either done or refused, and never creates anything else', async (query) => {
    const bucket = await varve.bucket()
    const body = '<Anything/>'
    const reply = await varve.wire.send({ method: 'PUT', path: `/${bucket}`, query, body })
    expect(reply.status).toBeGreaterThanOrEqual(400)
    assertWellFormed(reply.text)
    const absent = bucketName()
    await varve.wire.send({ method: 'PUT', path: `/${absent}`, query, body })
    expect((await varve.wire.send({ method: 'HEAD', path: `/${absent}` })).status).toBe(404)
  })

  it.each(['policy=', 'cors=', 'lifecycle=', 'website=', 'tagging=', 'encryption='])(
    'DELETE ?%s never deletes the bucket',
    async (query) => {
      const bucket = await varve.bucket()
      await varve.wire.send({ method: 'DELETE', path: `/${bucket}`, query })
      expect((await varve.wire.send({ method: 'HEAD', path: `/${bucket}` })).status).toBe(200)
    },
  )

  it.each(['retention=', 'legal-hold=', 'torrent=', 'restore=', 'select=', 'acl='])(
    'PUT, POST and DELETE of ?%s on an object leave its bytes alone',
    async (query) => {
      const bucket = await varve.bucket()
      const path = `/${bucket}/k`
      await varve.wire.send({ method: 'PUT', path, body: 'kept' })
      for (const method of ['PUT', 'POST', 'DELETE']) {
        const body = method === 'DELETE' ? {} : { body: '<Anything/>' }
        await varve.wire.send({ method, path, query, ...body })
        const reply = await varve.wire.send({ method: 'GET', path })
        expect([method, reply.text]).toEqual([method, 'kept'])
      }
    },
  )

  it.each(['PATCH', 'PROPFIND', 'TRACE', 'FOO'])('%s is no method', async (method) => {
    const bucket = await varve.bucket()
    const reply = await varve.wire.send({ method, path: `/${bucket}/k` }).catch(() => null)
    if (reply !== null) expect([400, 403, 405, 501]).toContain(reply.status)
  })
})

describe('expected-bucket-owner', () => {
  it('of the owner is accepted', async () => {
    const bucket = await varve.bucket()
    const acl = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query: 'acl=' })
    const headers = { 'x-amz-expected-bucket-owner': element(acl.text, 'ID') ?? '' }
    const reply = await varve.wire.send({ method: 'HEAD', path: `/${bucket}`, headers })
    expect(reply.status).toBe(200)
  })
})
