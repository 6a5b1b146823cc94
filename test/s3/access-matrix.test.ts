/**
 * Who may do what: every operation of the table, asked by nobody, by an impostor and by root, of a
 * bucket and an object with each ACL, open and blocked. Nobody may do what is not written here.
 */
import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Acl } from '../../src/model/acl.ts'
import type { BucketName } from '../../src/model/bucket-name.ts'
import type { Operation } from '../../src/s3/operation.ts'
import { operations } from '../../src/s3/operations.ts'
import { S3Server } from '../http/support/s3-server.ts'
import { bodyOf, key, plain } from '../store/store-requests.ts'

/** What lets everybody do it: the ACL of the bucket or the object. All others: nothing ever. */
const byAcl: Readonly<Record<string, 'list' | 'write' | 'read'>> = {
  HeadBucket: 'list',
  ListObjects: 'list',
  ListObjectsV2: 'list',
  ListObjectVersions: 'list',
  ListMultipartUploads: 'list',
  PutObject: 'write',
  DeleteObject: 'write',
  DeleteObjects: 'write',
  GetObject: 'read',
  HeadObject: 'read',
}

/** What nobody needs leave for: a browser asks it without credentials. */
const free = ['PreflightBucket', 'PreflightObject']

/** Who may come in is told by a form, which is in the body: its own tests ask that. */
const byForm: readonly string[] = ['PostObject']

/** For no one but root. A new operation fails until somebody has thought about it here. */
const never = [
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateBucket',
  'CreateBucketMetadataConfiguration',
  'CreateMultipartUpload',
  'CreateSession',
  'DeleteBucket',
  'DeleteBucketAnalyticsConfiguration',
  'DeleteBucketCors',
  'DeleteBucketEncryption',
  'DeleteBucketIntelligentTieringConfiguration',
  'DeleteBucketInventoryConfiguration',
  'DeleteBucketLifecycle',
  'DeleteBucketMetadataConfiguration',
  'DeleteBucketMetricsConfiguration',
  'DeleteBucketOwnershipControls',
  'DeleteBucketPolicy',
  'DeleteBucketReplication',
  'DeleteBucketTagging',
  'DeleteBucketWebsite',
  'DeleteObjectTagging',
  'DeletePublicAccessBlock',
  'GetBucketAbac',
  'GetBucketAccelerateConfiguration',
  'GetBucketAcl',
  'GetBucketAnalyticsConfiguration',
  'GetBucketCors',
  'GetBucketEncryption',
  'GetBucketIntelligentTieringConfiguration',
  'GetBucketInventoryConfiguration',
  'GetBucketLifecycleConfiguration',
  'GetBucketLocation',
  'GetBucketLogging',
  'GetBucketMetadataConfiguration',
  'GetBucketMetricsConfiguration',
  'GetBucketNotificationConfiguration',
  'GetBucketOwnershipControls',
  'GetBucketPolicy',
  'GetBucketPolicyStatus',
  'GetBucketReplication',
  'GetBucketRequestPayment',
  'GetBucketTagging',
  'GetBucketVersioning',
  'GetBucketWebsite',
  'GetObjectAcl',
  'GetObjectAttributes',
  'GetObjectLegalHold',
  'GetObjectLockConfiguration',
  'GetObjectRetention',
  'GetObjectTagging',
  'GetObjectTorrent',
  'GetPublicAccessBlock',
  'ListBucketAnalyticsConfigurations',
  'ListBucketIntelligentTieringConfigurations',
  'ListBucketInventoryConfigurations',
  'ListBucketMetricsConfigurations',
  'ListBuckets',
  'ListParts',
  'PutBucketAbac',
  'PutBucketAccelerateConfiguration',
  'PutBucketAcl',
  'PutBucketAnalyticsConfiguration',
  'PutBucketCors',
  'PutBucketEncryption',
  'PutBucketIntelligentTieringConfiguration',
  'PutBucketInventoryConfiguration',
  'PutBucketLifecycleConfiguration',
  'PutBucketLogging',
  'PutBucketMetricsConfiguration',
  'PutBucketNotificationConfiguration',
  'PutBucketOwnershipControls',
  'PutBucketPolicy',
  'PutBucketReplication',
  'PutBucketRequestPayment',
  'PutBucketTagging',
  'PutBucketVersioning',
  'PutBucketWebsite',
  'PutObjectAcl',
  'PutObjectLegalHold',
  'PutObjectLockConfiguration',
  'PutObjectRetention',
  'PutObjectTagging',
  'PutPublicAccessBlock',
  'RenameObject',
  'RestoreObject',
  'SelectObjectContent',
  'UpdateObjectEncryption',
  'UploadPart',
  'UploadPartCopy',
]

interface Scene {
  readonly bucket: Acl
  readonly object: Acl
  /** What keeps the ACLs from counting. */
  readonly shut: 'nothing' | 'ignored' | 'enforced'
}

const scenes: readonly Scene[] = [
  { bucket: 'private', object: 'private', shut: 'nothing' },
  { bucket: 'private', object: 'public-read', shut: 'nothing' },
  { bucket: 'private', object: 'public-read-write', shut: 'nothing' },
  { bucket: 'private', object: 'authenticated-read', shut: 'nothing' },
  { bucket: 'public-read', object: 'private', shut: 'nothing' },
  { bucket: 'public-read', object: 'public-read', shut: 'nothing' },
  { bucket: 'public-read-write', object: 'private', shut: 'nothing' },
  { bucket: 'public-read-write', object: 'public-read', shut: 'nothing' },
  { bucket: 'authenticated-read', object: 'authenticated-read', shut: 'nothing' },
  { bucket: 'public-read-write', object: 'public-read', shut: 'ignored' },
  // ACLs cannot be disabled while the bucket's own is open.
  { bucket: 'private', object: 'public-read', shut: 'enforced' },
]

function isAllowed(row: Operation, { bucket, object, shut }: Scene): boolean {
  if (free.includes(row.name)) return true
  const permission = byAcl[row.name]
  if (permission === undefined || shut !== 'nothing') return false
  if (permission === 'read') return object === 'public-read' || object === 'public-read-write'
  if (permission === 'list') return bucket === 'public-read' || bucket === 'public-read-write'
  return bucket === 'public-read-write'
}

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open({ storeOptions: { newBucketAccess: 'acl' } })
})
afterAll(() => server[Symbol.asyncDispose]())

async function setUp(scene: Scene, name: string): Promise<BucketName> {
  const bucket = name as BucketName
  const { store } = server
  await store.createBucket(bucket, { region: 'us-east-1', acl: scene.bucket })
  const attributes = { ...plain, acl: scene.object }
  const object = { bucket, key: key('kept'), conditions: {} }
  await store.putObject({ ...object, attributes, body: bodyOf('untouched') })
  if (scene.shut === 'enforced') {
    await store.putBucketConfig(bucket, 'ownership', 'BucketOwnerEnforced')
  }
  if (scene.shut === 'ignored') {
    await store.putBucketConfig(bucket, 'publicAccessBlock', {
      blockPublicAcls: false,
      ignorePublicAcls: true,
      blockPublicPolicy: false,
      restrictPublicBuckets: false,
    })
  }
  return bucket
}

const DELETE = '<Delete><Object><Key>none</Key></Object></Delete>'

function ask(row: Operation, bucket: string, headers: Record<string, string>) {
  const { method, resource, query = [], header } = row.route
  const path = { service: '/', bucket: `/${bucket}`, object: `/${bucket}/kept` }[resource]
  const parameters = query.map((part) => (part.includes('=') ? part : `${part}=1`))
  const hasBody = method === 'PUT' || method === 'POST'
  return fetch(`${server.endpoint}${path}?${parameters.join('&')}`, {
    method,
    headers: {
      ...(header !== undefined && { [header]: `${bucket}/kept` }),
      ...(row.name === 'DeleteObjects' && { 'content-md5': hash('md5', DELETE, 'base64') }),
      ...(method === 'OPTIONS' && { origin: 'http://x', 'access-control-request-method': 'GET' }),
      ...headers,
    },
    ...(hasBody && { body: row.name === 'DeleteObjects' ? DELETE : 'untouched' }),
  })
}

describe('the table of who may what', () => {
  it('has every operation exactly once', () => {
    const known = [...Object.keys(byAcl), ...free, ...byForm, ...never]
    expect([...known].sort()).toEqual(operations.map(({ name }) => name).sort())
  })

  it('is what the rows of the operations say', () => {
    const said = operations.filter(({ acl }) => acl !== undefined)
    expect(Object.fromEntries(said.map(({ name, acl }) => [name, acl]))).toEqual(byAcl)
    const open = operations.filter(({ isPublic }) => isPublic === true)
    expect(open.map(({ name }) => name)).toEqual(free)
  })
})

describe.each(scenes.map((scene, index) => [JSON.stringify(scene), scene, index] as const))(
  'of %s',
  (_, scene, index) => {
    const rows = operations.filter(({ name }) => !byForm.includes(name))

    it('nobody gets what the ACLs give, and nothing else', async () => {
      const wrong: string[] = []
      for (const [at, row] of rows.entries()) {
        const bucket = await setUp(scene, `matrix-${index}-${at}`)
        const reply = await ask(row, bucket, {})
        const text = await reply.text()
        // What CORS refuses is also 403, and is no matter of access.
        const isDenied = reply.status === 403 && !text.includes('AccessForbidden')
        if (isDenied === isAllowed(row, scene)) wrong.push(`${row.name}: ${reply.status} ${text}`)
      }
      expect(wrong).toEqual([])
    })

    it('an impostor gets nothing, whatever is open', async () => {
      const bucket = await setUp(scene, `impostor-${index}`)
      const authorizations = [
        '',
        'Bearer token',
        'AWS key:signature',
        'AWS4-HMAC-SHA256 Credential=TESTACCESSKEY/20200101/us-east-1/s3/aws4_request, ' +
          'SignedHeaders=host, Signature=00',
        'AWS4-HMAC-SHA256',
      ]
      const wrong: string[] = []
      for (const row of rows.filter(({ isPublic }) => isPublic !== true)) {
        for (const authorization of authorizations) {
          const reply = await ask(row, bucket, {
            authorization,
            'x-amz-date': '20200101T000000Z',
            'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          })
          const text = await reply.text()
          if (reply.status !== 403 && reply.status !== 400) {
            wrong.push(`${row.name} ${authorization}: ${reply.status}`)
          }
          if (text.includes('untouched')) wrong.push(`${row.name} ${authorization}: got the object`)
        }
      }
      expect(wrong).toEqual([])
      const head = await server.store.headObject({
        bucket,
        key: key('kept'),
        conditions: {},
        signal: new AbortController().signal,
      })
      expect(head.size).toBe('untouched'.length)
    })
  },
)
