/** What a canned ACL opens, and what keeps it shut: with the SDK, and with requests of nobody. */
import * as S3 from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, refusal, useServer } from '../harness/fixture.ts'
import { elements } from '../harness/xml.ts'

const closed = useServer()
const open = useServer({ env: { VARVE_NEW_BUCKET_ACCESS: 'acl' } })

const nobody = (method: string, path: string, query = '') =>
  open.wire.send({ method, path, query, auth: 'none' })

async function openBucket(ACL: S3.BucketCannedACL): Promise<string> {
  const Bucket = bucketName()
  await open.sdk.send(new S3.CreateBucketCommand({ Bucket, ACL }))
  return Bucket
}

describe.each([
  'PutBucketOwnershipControls',
  'DeleteBucketOwnershipControls',
  'PutPublicAccessBlock',
  'DeletePublicAccessBlock',
])('%s', () => {
  it('does its part in opening and closing a bucket', async () => {
    const Bucket = await closed.bucket()
    const { sdk } = closed
    const own = (ObjectOwnership: S3.ObjectOwnership) =>
      sdk.send(
        new S3.PutBucketOwnershipControlsCommand({
          Bucket,
          OwnershipControls: { Rules: [{ ObjectOwnership }] },
        }),
      )
    const publish = () => sdk.send(new S3.PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    await own('BucketOwnerPreferred')
    expect(await refusal(publish())).toEqual({ status: 403, code: 'AccessDenied' })
    await sdk.send(
      new S3.PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: { BlockPublicAcls: false },
      }),
    )
    await publish()
    const list = () => closed.wire.send({ method: 'GET', path: `/${Bucket}`, auth: 'none' })
    expect((await list()).status).toBe(200)
    await sdk.send(new S3.PutBucketAclCommand({ Bucket, ACL: 'private' }))
    await own('BucketOwnerEnforced')
    await sdk.send(new S3.DeletePublicAccessBlockCommand({ Bucket }))
    await sdk.send(new S3.DeleteBucketOwnershipControlsCommand({ Bucket }))
    expect((await list()).status).toBe(403)
  })
})

describe('A bucket of the default kind', () => {
  it('is closed, as AWS makes them', async () => {
    const Bucket = await closed.bucket()
    const { sdk } = closed
    const controls = await sdk.send(new S3.GetBucketOwnershipControlsCommand({ Bucket }))
    expect(controls.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }])
    const block = await sdk.send(new S3.GetPublicAccessBlockCommand({ Bucket }))
    expect(Object.values(block.PublicAccessBlockConfiguration ?? {})).toEqual([
      true,
      true,
      true,
      true,
    ])
    const ACL = 'public-read'
    for (const [command, code] of [
      [
        new S3.CreateBucketCommand({ Bucket: bucketName(), ACL }),
        'InvalidBucketAclWithObjectOwnership',
      ],
      [new S3.PutBucketAclCommand({ Bucket, ACL }), 'AccessControlListNotSupported'],
      [
        new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ACL }),
        'AccessControlListNotSupported',
      ],
    ] as const) {
      expect(await refusal(sdk.send(command as never))).toEqual({ status: 400, code })
    }
  })
})

describe('A bucket that ACLs may open', () => {
  it('is listed and read by nobody as far as its ACLs say', async () => {
    const Bucket = await openBucket('public-read')
    await open.sdk.send(
      new S3.PutObjectCommand({ Bucket, Key: 'open', Body: 'open', ACL: 'public-read' }),
    )
    await open.sdk.send(new S3.PutObjectCommand({ Bucket, Key: 'shut', Body: 'shut' }))
    expect(elements((await nobody('GET', `/${Bucket}`)).text, 'Key')).toEqual(['open', 'shut'])
    expect((await nobody('GET', `/${Bucket}/open`)).text).toBe('open')
    expect((await nobody('GET', `/${Bucket}/shut`)).code).toBe('AccessDenied')
    expect((await nobody('GET', `/${Bucket}/none`)).code).toBe('NoSuchKey')
    expect((await nobody('PUT', `/${Bucket}/new`)).code).toBe('AccessDenied')
  })

  it('shows in its policy status, and closes by a public access block', async () => {
    const Bucket = await openBucket('public-read')
    const status = () => open.sdk.send(new S3.GetBucketPolicyStatusCommand({ Bucket }))
    expect((await status()).PolicyStatus?.IsPublic).toBe(true)
    await open.sdk.send(
      new S3.PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: { IgnorePublicAcls: true },
      }),
    )
    expect((await nobody('GET', `/${Bucket}`)).code).toBe('AccessDenied')
    expect(await refusal(status())).toEqual({ status: 404, code: 'NoSuchBucketPolicy' })
  })

  it('hides what PutObjectAcl hides, and shows what it shows', async () => {
    const Bucket = await openBucket('private')
    const object = { Bucket, Key: 'k' }
    await open.sdk.send(new S3.PutObjectCommand({ ...object, Body: 'x' }))
    for (const [ACL, status] of [
      ['public-read', 200],
      ['private', 403],
      ['authenticated-read', 403],
    ] as const) {
      await open.sdk.send(new S3.PutObjectAclCommand({ ...object, ACL }))
      expect((await nobody('GET', `/${Bucket}/k`)).status).toBe(status)
    }
  })

  it('keeps its ACLs over a restart', async () => {
    const Bucket = await openBucket('public-read')
    const object = { Bucket, Key: 'k', Body: 'kept', ACL: 'public-read' as const }
    await open.sdk.send(new S3.PutObjectCommand(object))
    await open.server.kill()
    await open.server.up()
    expect((await nobody('GET', `/${Bucket}/k`)).text).toBe('kept')
    expect((await nobody('GET', `/${Bucket}`)).status).toBe(200)
  })
})

describe('GetBucketPolicyStatus', () => {
  it('knows no bucket that is not', async () => {
    const command = new S3.GetBucketPolicyStatusCommand({ Bucket: bucketName() })
    expect((await refusal(closed.sdk.send(command))).code).toBe('NoSuchBucket')
  })
})

describe.each(['PutBucketTagging', 'GetBucketTagging', 'DeleteBucketTagging'])('%s', () => {
  it('does its part: put, got, deleted, gone', async () => {
    const Bucket = await closed.bucket()
    const { sdk } = closed
    const TagSet = [{ Key: 'team', Value: 'ü' }]
    await sdk.send(new S3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
    const tags = () => sdk.send(new S3.GetBucketTaggingCommand({ Bucket }))
    expect((await tags()).TagSet).toEqual(TagSet)
    await sdk.send(new S3.DeleteBucketTaggingCommand({ Bucket }))
    expect(await refusal(tags())).toEqual({ status: 404, code: 'NoSuchTagSet' })
  })
})
