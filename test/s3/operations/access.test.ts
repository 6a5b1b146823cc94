/** ACLs, ownership and public access block, as clients set them and as strangers feel them. */
import * as S3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

const ALL = 'http://acs.amazonaws.com/groups/global/AllUsers'
const AUTHENTICATED = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'
const read = (URI: string) => ({
  Grantee: { Type: 'Group' as const, URI },
  Permission: 'READ' as const,
})
const write = (URI: string) => ({ ...read(URI), Permission: 'WRITE' as const })

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open({ storeOptions: { newBucketAccess: 'acl' } })
})
afterAll(() => server[Symbol.asyncDispose]())

let count = 0
async function newBucket(more: Partial<S3.CreateBucketCommandInput> = {}): Promise<string> {
  const Bucket = `access-${++count}`
  await server.client.send(new S3.CreateBucketCommand({ Bucket, ...more }))
  return Bucket
}

const put = (Bucket: string, Key: string, more: Partial<S3.PutObjectCommandInput> = {}) =>
  server.client.send(new S3.PutObjectCommand({ Bucket, Key, Body: 'content', ...more }))

/** As nobody. */
async function ask(path: string, init: RequestInit = {}): Promise<readonly [number, string]> {
  const reply = await fetch(`${server.endpoint}/${path}`, init)
  const text = await reply.text()
  return [reply.status, /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? text]
}

const bucketGrants = async (Bucket: string) =>
  (await server.client.send(new S3.GetBucketAclCommand({ Bucket }))).Grants
const objectGrants = async (Bucket: string, Key = 'k') =>
  (await server.client.send(new S3.GetObjectAclCommand({ Bucket, Key }))).Grants

const owner = expect.objectContaining({ Permission: 'FULL_CONTROL' })
const canned = [
  ['private', [owner]],
  ['public-read', [read(ALL), owner]],
  ['public-read-write', [read(ALL), write(ALL), owner]],
  ['authenticated-read', [read(AUTHENTICATED), owner]],
] as const

describe('a canned ACL', () => {
  it.each(canned)('%s is what it grants, however it is set', async (ACL, grants) => {
    const { client } = server
    const Bucket = await newBucket({ ACL })
    expect(await bucketGrants(Bucket)).toEqual(grants)
    await put(Bucket, 'k', { ACL })
    expect(await objectGrants(Bucket)).toEqual(grants)
    await client.send(
      new S3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k`, ACL }),
    )
    expect(await objectGrants(Bucket, 'copy')).toEqual(grants)
    await client.send(new S3.CopyObjectCommand({ Bucket, Key: 'bare', CopySource: `${Bucket}/k` }))
    expect(await objectGrants(Bucket, 'bare')).toEqual([owner])
    const { UploadId } = await client.send(
      new S3.CreateMultipartUploadCommand({ Bucket, Key: 'parts', ACL }),
    )
    const part = { Bucket, Key: 'parts', UploadId }
    const { ETag } = await client.send(
      new S3.UploadPartCommand({ ...part, PartNumber: 1, Body: 'x' }),
    )
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await client.send(new S3.CompleteMultipartUploadCommand({ ...part, MultipartUpload }))
    expect(await objectGrants(Bucket, 'parts')).toEqual(grants)
  })

  it.each(canned)('%s goes back in as the document it came out', async (ACL, grants) => {
    const { client } = server
    const from = await newBucket({ ACL })
    await put(from, 'k', { ACL })
    const Bucket = await newBucket()
    await put(Bucket, 'k')
    const bucketAcl = await client.send(new S3.GetBucketAclCommand({ Bucket: from }))
    const AccessControlPolicy = { Owner: bucketAcl.Owner, Grants: bucketAcl.Grants }
    await client.send(new S3.PutBucketAclCommand({ Bucket, AccessControlPolicy }))
    await client.send(new S3.PutObjectAclCommand({ Bucket, Key: 'k', AccessControlPolicy }))
    expect(await bucketGrants(Bucket)).toEqual(grants)
    expect(await objectGrants(Bucket)).toEqual(grants)
  })

  it('can be said by grants in headers', async () => {
    const Bucket = await newBucket()
    const id = (await server.client.send(new S3.GetBucketAclCommand({ Bucket }))).Owner?.ID
    await put(Bucket, 'k', { GrantFullControl: `id="${id}"`, GrantRead: `uri="${ALL}"` })
    expect(await objectGrants(Bucket)).toEqual([read(ALL), owner])
  })

  it('changes neither the time nor the tag of an object', async () => {
    const Bucket = await newBucket()
    await put(Bucket, 'k')
    const head = () => server.client.send(new S3.HeadObjectCommand({ Bucket, Key: 'k' }))
    const before = await head()
    await server.client.send(new S3.PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' }))
    const { ETag, LastModified } = await head()
    expect({ ETag, LastModified }).toEqual({
      ETag: before.ETag,
      LastModified: before.LastModified,
    })
  })

  it('is private again when the bucket is made again, as AWS has it in us-east-1', async () => {
    const Bucket = await newBucket({ ACL: 'public-read' })
    await server.client.send(new S3.CreateBucketCommand({ Bucket }))
    expect(await bucketGrants(Bucket)).toEqual([owner])
  })
})

describe('what no canned ACL says', () => {
  const ID = '8bcf7fe936d8b8e4d6e62723ac811697da535718bff8a1ffb56614b0f0590387'
  const everything = (Grantee: S3.Grantee) => ({ Grantee, Permission: 'FULL_CONTROL' as const })
  const me = everything({ Type: 'CanonicalUser', ID })

  it.each([
    ['the owner without anything', [], 'AccessControlListNotSupported'],
    ['the owner reading only', [{ ...me, Permission: 'READ' }], 'AccessControlListNotSupported'],
    ['the public without the owner', [read(ALL)], 'AccessControlListNotSupported'],
    ['the public writing only', [me, write(ALL)], 'AccessControlListNotSupported'],
    [
      'the public with full control',
      [me, everything({ Type: 'Group', URI: ALL })],
      'AccessControlListNotSupported',
    ],
    ['both groups', [me, read(ALL), read(AUTHENTICATED)], 'AccessControlListNotSupported'],
    [
      'a stranger',
      [me, everything({ Type: 'CanonicalUser', ID: 'f'.repeat(64) })],
      'InvalidArgument',
    ],
    ['a group there is not', [me, read('http://example.org/group')], 'InvalidArgument'],
    [
      'an address',
      [me, everything({ Type: 'AmazonCustomerByEmail', EmailAddress: 'a@b.c' })],
      'UnresolvableGrantByEmailAddress',
    ],
    ['no permission', [{ ...me, Permission: 'EAT' }], 'MalformedACLError'],
  ] as const)('is refused: %s', async (_name, grants, code) => {
    const Bucket = await newBucket()
    await put(Bucket, 'k')
    const AccessControlPolicy = { Owner: { ID }, Grants: grants as unknown as S3.Grant[] }
    for (const command of [
      new S3.PutBucketAclCommand({ Bucket, AccessControlPolicy }),
      new S3.PutObjectAclCommand({ Bucket, Key: 'k', AccessControlPolicy }),
    ]) {
      const refused = await refusal(server.client.send(command as never))
      expect(refused).toMatchObject({ status: 400, code })
    }
    expect(await bucketGrants(Bucket)).toEqual([owner])
    expect(await objectGrants(Bucket)).toEqual([owner])
  })

  it('is refused: another owner, two ways at once, and a name nobody knows', async () => {
    const Bucket = await newBucket()
    const set = (more: Partial<S3.PutBucketAclCommandInput>) =>
      refusal(server.client.send(new S3.PutBucketAclCommand({ Bucket, ...more })))
    const Owner = { ID: 'f'.repeat(64) }
    expect((await set({ AccessControlPolicy: { Owner, Grants: [me] } })).code).toBe('AccessDenied')
    const AccessControlPolicy = { Owner: { ID }, Grants: [me] }
    expect((await set({ AccessControlPolicy, ACL: 'private' })).code).toBe('UnexpectedContent')
    expect((await set({ ACL: 'private', GrantRead: `uri="${ALL}"` })).code).toBe('InvalidRequest')
    expect((await set({ ACL: 'everybody' as 'private' })).code).toBe('InvalidArgument')
    expect((await set({ GrantRead: 'everybody' })).code).toBe('InvalidArgument')
    expect((await set({})).code).toBe('MissingSecurityHeader')
    for (const ACL of ['aws-exec-read', 'log-delivery-write']) {
      expect((await set({ ACL: ACL as 'private' })).code).toBe('AccessControlListNotSupported')
    }
  })
})

describe('nobody', () => {
  it('reads what is public, and learns nothing of what is not', async () => {
    const Bucket = await newBucket()
    await put(Bucket, 'open', { ACL: 'public-read' })
    await put(Bucket, 'shut')
    expect(await ask(`${Bucket}/open`)).toEqual([200, 'content'])
    const denied = [403, 'AccessDenied']
    for (const key of ['shut', 'none']) {
      expect(await ask(`${Bucket}/${key}`)).toEqual(denied)
      // Conditions tell of an object as well as the object does: CVE-2024-36107.
      for (const headers of [
        { 'if-none-match': '*' },
        { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
        { 'if-match': '"none"' },
        { range: 'bytes=100-' },
      ]) {
        expect(await ask(`${Bucket}/${key}`, { headers })).toEqual(denied)
      }
      expect((await fetch(`${server.endpoint}/${Bucket}/${key}`, { method: 'HEAD' })).status).toBe(
        403,
      )
      expect(await ask(`${Bucket}/${key}?partNumber=9`)).toEqual(denied)
    }
    expect(await ask(Bucket)).toEqual(denied)
  })

  it('who may list is told what is missing', async () => {
    const Bucket = await newBucket({ ACL: 'public-read' })
    await put(Bucket, 'shut')
    expect(await ask(`${Bucket}/none`)).toEqual([404, 'NoSuchKey'])
    expect(await ask(`${Bucket}/shut`)).toEqual([403, 'AccessDenied'])
    expect((await ask(Bucket))[1]).toContain('<Key>shut</Key>')
    expect(await ask('no-such-bucket-here')).toEqual([404, 'NoSuchBucket'])
  })

  it('writes and deletes where everybody may, and nothing else', async () => {
    const Bucket = await newBucket({ ACL: 'public-read-write' })
    const body = 'written'
    expect((await ask(`${Bucket}/k`, { method: 'PUT', body }))[0]).toBe(200)
    expect(await ask(`${Bucket}/k`)).toEqual([403, 'AccessDenied'])
    const headers = { 'x-amz-acl': 'public-read' }
    expect((await ask(`${Bucket}/k`, { method: 'PUT', body, headers }))[0]).toBe(200)
    expect(await ask(`${Bucket}/k`)).toEqual([200, body])
    const copy = { 'x-amz-copy-source': `${Bucket}/k` }
    for (const [path, init] of [
      [`${Bucket}/copy`, { method: 'PUT', headers: copy }],
      [`${Bucket}/k?acl`, { method: 'PUT', headers }],
      [`${Bucket}/k?tagging`, { method: 'PUT', body: '<Tagging/>' }],
      [`${Bucket}/k?uploads`, { method: 'POST' }],
      [`${Bucket}/k?versionId=null`, { method: 'DELETE' }],
      [`${Bucket}?acl`, { method: 'PUT', headers }],
      [Bucket, { method: 'DELETE' }],
    ] as const) {
      expect(await ask(path, init)).toEqual([403, 'AccessDenied'])
    }
    expect((await ask(`${Bucket}/k`, { method: 'DELETE' }))[0]).toBe(204)
  })

  it('deletes many at once, but no versions', async () => {
    const Bucket = await newBucket({ ACL: 'public-read-write' })
    await put(Bucket, 'k')
    const remove = async (item: string) => {
      const body = `<Delete><Object>${item}</Object></Delete>`
      const digest = await crypto.subtle.digest('SHA-256', Buffer.from(body))
      const headers = { 'x-amz-checksum-sha256': Buffer.from(digest).toString('base64') }
      return ask(`${Bucket}?delete`, { method: 'POST', body, headers })
    }
    expect(await remove('<Key>k</Key><VersionId>null</VersionId>')).toEqual([403, 'AccessDenied'])
    expect((await remove('<Key>k</Key>'))[1]).toContain('<Deleted><Key>k</Key>')
  })

  it('gets no header of his own choosing', async () => {
    const Bucket = await newBucket()
    await put(Bucket, 'open', { ACL: 'public-read' })
    const forged = 'response-content-type=text/html&response-content-disposition=inline'
    expect(await ask(`${Bucket}/open?${forged}`)).toEqual([400, 'InvalidRequest'])
  })
})

describe('an object that is replaced while it is asked for', () => {
  it('goes to nobody who may not have it', async () => {
    await using slow = await S3Server.open({
      storeOptions: { newBucketAccess: 'acl' },
      // Between the look at the ACL and the read another one comes into its place.
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name: keyof typeof store) {
            if (name !== 'getObject') return Reflect.get(target, name).bind(target)
            return async (input: Parameters<typeof store.getObject>[0]) => {
              await slow.client.send(
                new S3.PutObjectCommand({ Bucket: 'swapped', Key: 'k', Body: 'secret' }),
              )
              return target.getObject(input)
            }
          },
        }),
    })
    const object = { Bucket: 'swapped', Key: 'k' }
    await slow.client.send(new S3.CreateBucketCommand({ Bucket: 'swapped' }))
    await slow.client.send(new S3.PutObjectCommand({ ...object, Body: 'open', ACL: 'public-read' }))
    const reply = await fetch(`${slow.endpoint}/swapped/k`)
    expect(reply.status).toBe(403)
    expect(await reply.text()).not.toContain('secret')
  })
})

describe('public access block', () => {
  const block = (Bucket: string, flags: S3.PublicAccessBlockConfiguration) =>
    server.client.send(
      new S3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: flags }),
    )
  const blockOf = (Bucket: string) =>
    server.client.send(new S3.GetPublicAccessBlockCommand({ Bucket }))

  it('is what was put, and none once deleted', async () => {
    const Bucket = await newBucket()
    expect((await refusal(blockOf(Bucket))).code).toBe('NoSuchPublicAccessBlockConfiguration')
    await block(Bucket, { BlockPublicAcls: true, RestrictPublicBuckets: true })
    expect((await blockOf(Bucket)).PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: true,
    })
    await server.client.send(new S3.DeletePublicAccessBlockCommand({ Bucket }))
    expect((await refusal(blockOf(Bucket))).code).toBe('NoSuchPublicAccessBlockConfiguration')
  })

  it('BlockPublicAcls keeps public ACLs from being set', async () => {
    const Bucket = await newBucket()
    await put(Bucket, 'k')
    await block(Bucket, { BlockPublicAcls: true })
    for (const ACL of ['public-read', 'public-read-write', 'authenticated-read'] as const) {
      for (const command of [
        new S3.PutBucketAclCommand({ Bucket, ACL }),
        new S3.PutObjectAclCommand({ Bucket, Key: 'k', ACL }),
        new S3.PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ACL }),
        new S3.CopyObjectCommand({ Bucket, Key: 'new', CopySource: `${Bucket}/k`, ACL }),
        new S3.CreateMultipartUploadCommand({ Bucket, Key: 'new', ACL }),
      ]) {
        const refused = await refusal(server.client.send(command as never))
        expect(refused).toMatchObject({ status: 403, code: 'AccessDenied' })
      }
    }
    await put(Bucket, 'new', { ACL: 'private' })
  })

  it('IgnorePublicAcls has them give nobody anything, and lets them be set', async () => {
    const Bucket = await newBucket({ ACL: 'public-read' })
    await put(Bucket, 'k', { ACL: 'public-read' })
    expect((await ask(`${Bucket}/k`))[0]).toBe(200)
    await block(Bucket, { IgnorePublicAcls: true })
    expect(await ask(`${Bucket}/k`)).toEqual([403, 'AccessDenied'])
    expect(await ask(Bucket)).toEqual([403, 'AccessDenied'])
    await put(Bucket, 'k', { ACL: 'public-read' })
    await block(Bucket, {})
    expect((await ask(`${Bucket}/k`))[0]).toBe(200)
  })
})

describe('object ownership', () => {
  const own = (Bucket: string, ObjectOwnership: S3.ObjectOwnership) => {
    const OwnershipControls = { Rules: [{ ObjectOwnership }] }
    return server.client.send(
      new S3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }),
    )
  }
  const ownershipOf = async (Bucket: string) => {
    const command = new S3.GetBucketOwnershipControlsCommand({ Bucket })
    return (await server.client.send(command)).OwnershipControls?.Rules?.[0]?.ObjectOwnership
  }

  it.each(['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const)(
    '%s is what it was made or set to, until it is deleted',
    async (ObjectOwnership) => {
      expect(await ownershipOf(await newBucket({ ObjectOwnership }))).toBe(ObjectOwnership)
      const Bucket = await newBucket()
      expect((await refusal(ownershipOf(Bucket))).code).toBe('OwnershipControlsNotFoundError')
      await own(Bucket, ObjectOwnership)
      expect(await ownershipOf(Bucket)).toBe(ObjectOwnership)
      await server.client.send(new S3.DeleteBucketOwnershipControlsCommand({ Bucket }))
      expect((await refusal(ownershipOf(Bucket))).code).toBe('OwnershipControlsNotFoundError')
    },
  )

  it('BucketOwnerEnforced disables the ACLs of all objects, and keeps them for later', async () => {
    const Bucket = await newBucket()
    await put(Bucket, 'k', { ACL: 'public-read' })
    await own(Bucket, 'BucketOwnerEnforced')
    expect(await ask(`${Bucket}/k`)).toEqual([403, 'AccessDenied'])
    expect(await objectGrants(Bucket)).toEqual([owner])
    const refused = await refusal(put(Bucket, 'k', { ACL: 'public-read' }))
    expect(refused).toMatchObject({ status: 400, code: 'AccessControlListNotSupported' })
    await own(Bucket, 'ObjectWriter')
    expect((await ask(`${Bucket}/k`))[0]).toBe(200)
  })

  it('BucketOwnerEnforced needs a private bucket', async () => {
    const Bucket = await newBucket({ ACL: 'public-read' })
    expect(await refusal(own(Bucket, 'BucketOwnerEnforced'))).toMatchObject({
      status: 400,
      code: 'InvalidBucketAclWithObjectOwnership',
    })
  })
})

describe('policy status', () => {
  it('is public by an ACL that counts', async () => {
    const status = (Bucket: string) =>
      server.client.send(new S3.GetBucketPolicyStatusCommand({ Bucket }))
    const open = await newBucket({ ACL: 'authenticated-read' })
    expect((await status(open)).PolicyStatus?.IsPublic).toBe(true)
    expect((await refusal(status(await newBucket()))).code).toBe('NoSuchBucketPolicy')
  })
})
