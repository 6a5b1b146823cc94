import * as S3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

const Bucket = 'config-bucket'
const object = { Bucket, Key: 'k' }

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
  await server.client.send(new S3.CreateBucketCommand({ Bucket }))
  await server.client.send(new S3.PutObjectCommand({ ...object, Body: 'x' }))
})
afterAll(() => server[Symbol.asyncDispose]())

describe('what nobody configured', () => {
  it.each([
    ['NoSuchCORSConfiguration', new S3.GetBucketCorsCommand({ Bucket })],
    ['NoSuchLifecycleConfiguration', new S3.GetBucketLifecycleConfigurationCommand({ Bucket })],
    ['NoSuchBucketPolicy', new S3.GetBucketPolicyCommand({ Bucket })],
    ['NoSuchBucketPolicy', new S3.GetBucketPolicyStatusCommand({ Bucket })],
    ['NoSuchTagSet', new S3.GetBucketTaggingCommand({ Bucket })],
    ['NoSuchWebsiteConfiguration', new S3.GetBucketWebsiteCommand({ Bucket })],
    ['ReplicationConfigurationNotFoundError', new S3.GetBucketReplicationCommand({ Bucket })],
    [
      'ServerSideEncryptionConfigurationNotFoundError',
      new S3.GetBucketEncryptionCommand({ Bucket }),
    ],
    ['ObjectLockConfigurationNotFoundError', new S3.GetObjectLockConfigurationCommand({ Bucket })],
    ['NoSuchConfiguration', new S3.GetBucketMetricsConfigurationCommand({ Bucket, Id: 'i' })],
  ] as const)('is %s', async (code, command) => {
    expect(await refusal(server.client.send(command as never))).toMatchObject({ status: 404, code })
  })

  it('is empty where S3 says so with an empty document', async () => {
    const { client } = server
    const versioning = await client.send(new S3.GetBucketVersioningCommand({ Bucket }))
    expect(versioning.Status).toBeUndefined()
    const acceleration = await client.send(
      new S3.GetBucketAccelerateConfigurationCommand({ Bucket }),
    )
    expect(acceleration.Status).toBeUndefined()
    const logging = await client.send(new S3.GetBucketLoggingCommand({ Bucket }))
    expect(logging.LoggingEnabled).toBeUndefined()
    const events = await client.send(new S3.GetBucketNotificationConfigurationCommand({ Bucket }))
    expect(events.QueueConfigurations).toBeUndefined()
    const payer = await client.send(new S3.GetBucketRequestPaymentCommand({ Bucket }))
    expect(payer.Payer).toBe('BucketOwner')
    const controls = await client.send(new S3.GetBucketOwnershipControlsCommand({ Bucket }))
    expect(controls.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }])
    for (const command of [
      new S3.ListBucketAnalyticsConfigurationsCommand({ Bucket }),
      new S3.ListBucketInventoryConfigurationsCommand({ Bucket }),
      new S3.ListBucketMetricsConfigurationsCommand({ Bucket }),
      new S3.ListBucketIntelligentTieringConfigurationsCommand({ Bucket }),
    ]) {
      expect(await client.send(command as never)).toMatchObject({ IsTruncated: false })
    }
  })

  it('is removed without complaint', async () => {
    for (const command of [
      new S3.DeleteBucketCorsCommand({ Bucket }),
      new S3.DeleteBucketLifecycleCommand({ Bucket }),
      new S3.DeleteBucketPolicyCommand({ Bucket }),
      new S3.DeleteBucketTaggingCommand({ Bucket }),
      new S3.DeleteBucketWebsiteCommand({ Bucket }),
      new S3.DeleteBucketReplicationCommand({ Bucket }),
      new S3.DeleteBucketEncryptionCommand({ Bucket }),
    ]) {
      const { $metadata } = await server.client.send(command as never)
      expect($metadata).toMatchObject({ httpStatusCode: 204 })
    }
    // None of them was taken for DeleteBucket.
    await server.client.send(new S3.HeadBucketCommand({ Bucket }))
  })

  it('of a bucket that is not there is NoSuchBucket', async () => {
    const missing = { Bucket: 'no-such-bucket' }
    for (const command of [
      new S3.GetBucketCorsCommand(missing),
      new S3.GetBucketAclCommand(missing),
      new S3.GetBucketVersioningCommand(missing),
      new S3.DeleteBucketPolicyCommand(missing),
      new S3.GetBucketLocationCommand(missing),
    ]) {
      const refused = await refusal(server.client.send(command as never))
      expect(refused).toMatchObject({ status: 404, code: 'NoSuchBucket' })
    }
  })

  it('of objects without Object Lock is what S3 says', async () => {
    for (const command of [
      new S3.GetObjectRetentionCommand(object),
      new S3.GetObjectLegalHoldCommand(object),
      new S3.PutObjectLegalHoldCommand({ ...object, LegalHold: { Status: 'ON' } }),
    ]) {
      const refused = await refusal(server.client.send(command as never))
      expect(refused).toMatchObject({ status: 400, code: 'InvalidRequest' })
    }
  })
})

describe('what would not act is refused', () => {
  it.each([
    ['a policy', new S3.PutBucketPolicyCommand({ Bucket, Policy: '{}' })],
    [
      'lifecycle rules',
      new S3.PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: [] },
      }),
    ],
    [
      'encryption',
      new S3.PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: { Rules: [] },
      }),
    ],
    [
      'requester pays',
      new S3.PutBucketRequestPaymentCommand({
        Bucket,
        RequestPaymentConfiguration: { Payer: 'Requester' },
      }),
    ],
    [
      'notifications',
      new S3.PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    ],
    [
      'logging',
      new S3.PutBucketLoggingCommand({
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'b', TargetPrefix: '' } },
      }),
    ],
    ['a restore', new S3.RestoreObjectCommand({ ...object, RestoreRequest: { Days: 1 } })],
    ['a torrent', new S3.GetObjectTorrentCommand(object)],
  ] as const)('%s', async (_name, command) => {
    const refused = await refusal(server.client.send(command as never))
    expect(refused).toMatchObject({ status: 501, code: 'NotImplemented' })
  })

  it('but what is so already is taken', async () => {
    for (const command of [
      new S3.PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
      new S3.PutBucketRequestPaymentCommand({
        Bucket,
        RequestPaymentConfiguration: { Payer: 'BucketOwner' },
      }),
      new S3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
      new S3.PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }),
    ]) {
      expect((await server.client.send(command as never)) as object).toMatchObject({
        $metadata: { httpStatusCode: 200 },
      })
    }
  })
})

describe('ACLs of a closed bucket', () => {
  it('are the owner with full control, and can be put back as they were got', async () => {
    const { client } = server
    const bucketAcl = await client.send(new S3.GetBucketAclCommand({ Bucket }))
    const objectAcl = await client.send(new S3.GetObjectAclCommand(object))
    const Grants = [
      {
        Grantee: { ...bucketAcl.Owner, Type: 'CanonicalUser' as const },
        Permission: 'FULL_CONTROL' as const,
      },
    ]
    expect(bucketAcl.Grants).toEqual(Grants)
    expect(objectAcl.Grants).toEqual(Grants)
    const AccessControlPolicy = { Owner: bucketAcl.Owner, Grants }
    await client.send(new S3.PutBucketAclCommand({ Bucket, AccessControlPolicy }))
    await client.send(new S3.PutObjectAclCommand({ ...object, AccessControlPolicy }))
    await client.send(new S3.PutObjectAclCommand({ ...object, ACL: 'private' }))
    await client.send(new S3.PutBucketAclCommand({ Bucket, ACL: 'private' }))
  })

  it('cannot let others in', async () => {
    const { Owner } = await server.client.send(new S3.GetBucketAclCommand({ Bucket }))
    const Grants = [
      {
        Grantee: { Type: 'Group' as const, URI: 'http://acs.amazonaws.com/groups/global/AllUsers' },
        Permission: 'READ' as const,
      },
    ]
    for (const command of [
      new S3.PutBucketAclCommand({ Bucket, ACL: 'public-read' }),
      new S3.PutObjectAclCommand({ ...object, ACL: 'public-read' }),
      new S3.PutBucketAclCommand({ Bucket, AccessControlPolicy: { Owner, Grants } }),
    ]) {
      const refused = await refusal(server.client.send(command as never))
      expect(refused).toMatchObject({ status: 400, code: 'AccessControlListNotSupported' })
    }
  })

  it('of what is not there are not there', async () => {
    const none = new S3.GetObjectAclCommand({ Bucket, Key: 'none' })
    expect((await refusal(server.client.send(none))).code).toBe('NoSuchKey')
  })
})

describe('object tags', () => {
  const tags = async () => (await server.client.send(new S3.GetObjectTaggingCommand(object))).TagSet
  const putTags = (TagSet: S3.Tag[]) =>
    server.client.send(new S3.PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }))

  it('are an empty set at first, replaced as a whole, sorted, and removed', async () => {
    expect(await tags()).toEqual([])
    await putTags([
      { Key: 'z', Value: '' },
      { Key: 'a', Value: 'ü @' },
    ])
    expect(await tags()).toEqual([
      { Key: 'a', Value: 'ü @' },
      { Key: 'z', Value: '' },
    ])
    await putTags([{ Key: 'only', Value: '1' }])
    expect(await tags()).toEqual([{ Key: 'only', Value: '1' }])
    const gone = await server.client.send(new S3.DeleteObjectTaggingCommand(object))
    expect(gone.$metadata.httpStatusCode).toBe(204)
    expect(await tags()).toEqual([])
  })

  it('keep the rules', async () => {
    const many = Array.from({ length: 11 }, (_, index) => ({ Key: `${index}`, Value: '' }))
    for (const set of [
      many,
      [{ Key: 'k'.repeat(129), Value: '' }],
      [{ Key: 'aws:x', Value: '' }],
    ]) {
      expect((await refusal(putTags(set))).status).toBe(400)
    }
    expect(await tags()).toEqual([])
  })
})

describe('a preflight', () => {
  it('is told that CORS is not enabled, without credentials', async () => {
    const headers = { origin: 'http://x', 'access-control-request-method': 'GET' }
    const reply = await fetch(`${server.endpoint}/${Bucket}/k`, { method: 'OPTIONS', headers })
    expect(reply.status).toBe(403)
    expect(await reply.text()).toContain('<Code>AccessForbidden</Code>')
    const without = await fetch(`${server.endpoint}/${Bucket}`, { method: 'OPTIONS' })
    expect(without.status).toBe(400)
  })
})
