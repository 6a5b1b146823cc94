/** What is configured of a bucket, and the ACLs that depend on it. */
import { expect, it } from 'vitest'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import type { CorsRule } from '../../../src/store/bucket-config.ts'
import type { ObjectStore } from '../../../src/store/object-store.ts'
import {
  bucket,
  copy,
  failure,
  key,
  neverAborted,
  plain,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const nowhere = 'nowhere' as BucketName
const open = { ...plain, acl: 'public-read' } as const
const nothingBlocked = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
}
const rule: CorsRule = {
  id: null,
  methods: ['GET'],
  origins: ['*'],
  headers: [],
  exposeHeaders: [],
  maxAgeSeconds: null,
}

/** As AWS would have one open a bucket: ACLs on, nothing blocked. */
async function allowAcls(store: ObjectStore): Promise<void> {
  await store.putBucketConfig(bucket, 'ownership', 'ObjectWriter')
  await store.deleteBucketConfig(bucket, 'publicAccessBlock')
}

async function aclOf(store: ObjectStore, name: string): Promise<string> {
  const head = await store.headObject({
    bucket,
    key: key(name),
    conditions: {},
    signal: neverAborted,
  })
  return head.attributes.acl ?? 'private'
}

export function accessCases(openSubject: OpenSubject): void {
  it(
    'starts a bucket closed',
    onStore(openSubject, async (store) => {
      expect(await store.getBucketAccess(bucket)).toEqual({
        acl: 'private',
        ownership: 'BucketOwnerEnforced',
        publicAccessBlock: {
          blockPublicAcls: true,
          ignorePublicAcls: true,
          blockPublicPolicy: true,
          restrictPublicBuckets: true,
        },
      })
      expect(await store.getBucketConfig(bucket, 'cors')).toBeNull()
      expect(await store.getBucketConfig(bucket, 'tags')).toBeNull()
    }),
  )

  it(
    'keeps what was put last, and nothing after it was deleted',
    onStore(openSubject, async (store) => {
      await store.putBucketConfig(bucket, 'tags', [{ key: 'a', value: '1' }])
      await store.putBucketConfig(bucket, 'tags', [{ key: 'b', value: '2' }])
      expect(await store.getBucketConfig(bucket, 'tags')).toEqual([{ key: 'b', value: '2' }])
      await store.putBucketConfig(bucket, 'cors', [rule])
      expect(await store.getBucketConfig(bucket, 'cors')).toEqual([rule])
      await store.putBucketConfig(bucket, 'publicAccessBlock', nothingBlocked)
      expect(await store.getBucketConfig(bucket, 'publicAccessBlock')).toEqual(nothingBlocked)
      for (const kind of ['tags', 'cors', 'publicAccessBlock', 'ownership'] as const) {
        await store.deleteBucketConfig(bucket, kind)
        await store.deleteBucketConfig(bucket, kind)
        expect(await store.getBucketConfig(bucket, kind)).toBeNull()
      }
    }),
  )

  it(
    'knows no bucket that is not',
    onStore(openSubject, async (store) => {
      expect(await failure(store.getBucketConfig(nowhere, 'tags'))).toBe('no-such-bucket')
      expect(await failure(store.putBucketConfig(nowhere, 'tags', []))).toBe('no-such-bucket')
      expect(await failure(store.deleteBucketConfig(nowhere, 'tags'))).toBe('no-such-bucket')
      expect(await failure(store.getBucketAccess(nowhere))).toBe('no-such-bucket')
    }),
  )

  it(
    'gives a bucket of the same name nothing of the one before',
    onStore(openSubject, async (store) => {
      await allowAcls(store)
      await store.putBucketConfig(bucket, 'acl', 'public-read-write')
      await store.putBucketConfig(bucket, 'cors', [rule])
      await store.deleteBucket(bucket)
      await store.createBucket(bucket, { region: 'us-east-1' })
      expect(await store.getBucketAccess(bucket)).toMatchObject({
        acl: 'private',
        ownership: 'BucketOwnerEnforced',
      })
      expect(await store.getBucketConfig(bucket, 'cors')).toBeNull()
    }),
  )

  it(
    'takes no ACL for others where ACLs are disabled',
    onStore(openSubject, async (store) => {
      await put(store, 'k', 'x')
      expect(await failure(store.putBucketConfig(bucket, 'acl', 'public-read'))).toBe(
        'acls-disabled',
      )
      for (const refused of writesOf(store)) expect(await failure(refused())).toBe('acls-disabled')
      await store.putBucketConfig(bucket, 'acl', 'private')
      await store.putObjectAcl({ bucket, key: key('k'), acl: 'private' })
    }),
  )

  it(
    'takes no ACL for others where public ACLs are blocked',
    onStore(openSubject, async (store) => {
      await put(store, 'k', 'x')
      await store.putBucketConfig(bucket, 'ownership', 'BucketOwnerPreferred')
      for (const acl of ['public-read', 'public-read-write', 'authenticated-read'] as const) {
        expect(await failure(store.putBucketConfig(bucket, 'acl', acl))).toBe(
          'public-access-blocked',
        )
      }
      for (const refused of writesOf(store)) {
        expect(await failure(refused())).toBe('public-access-blocked')
      }
      await store.putBucketConfig(bucket, 'publicAccessBlock', nothingBlocked)
      await store.putBucketConfig(bucket, 'acl', 'public-read')
      expect(await store.getBucketConfig(bucket, 'acl')).toBe('public-read')
    }),
  )

  it(
    'disables no ACLs while the bucket is open by its own',
    onStore(openSubject, async (store) => {
      await allowAcls(store)
      await store.putBucketConfig(bucket, 'acl', 'authenticated-read')
      const enforce = () => store.putBucketConfig(bucket, 'ownership', 'BucketOwnerEnforced')
      expect(await failure(enforce())).toBe('public-bucket-acl')
      expect(await store.getBucketConfig(bucket, 'ownership')).toBe('ObjectWriter')
      await store.putBucketConfig(bucket, 'acl', 'private')
      await enforce()
    }),
  )

  it(
    'keeps the kinds in agreement whoever is faster',
    onStore(openSubject, async (store) => {
      for (let round = 0; round < 20; round++) {
        await store.putBucketConfig(bucket, 'acl', 'private')
        await allowAcls(store)
        const both = [
          () => store.putBucketConfig(bucket, 'acl', 'public-read'),
          () => store.putBucketConfig(bucket, 'ownership', 'BucketOwnerEnforced'),
        ]
        const order = round % 2 === 0 ? both : both.reverse()
        const settled = await Promise.allSettled(order.map((put) => put()))
        expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const { acl, ownership } = await store.getBucketAccess(bucket)
        expect(acl === 'public-read').toBe(ownership === 'ObjectWriter')
      }
    }),
  )

  it(
    'makes a bucket as it is asked to, or not at all',
    onStore(openSubject, async (store) => {
      const make = (name: string, more: object) =>
        store.createBucket(name as BucketName, { region: 'us-east-1', ...more })
      expect(await failure(make('one', { acl: 'public-read' }))).toBe('public-bucket-acl')
      const both = { acl: 'public-read', ownership: 'ObjectWriter' }
      expect(await failure(make('one', both))).toBe('public-access-blocked')
      expect(await failure(store.getBucket('one' as BucketName))).toBe('no-such-bucket')
      await make('one', { acl: 'private', ownership: 'ObjectWriter' })
      expect(await store.getBucketConfig('one' as BucketName, 'ownership')).toBe('ObjectWriter')
      const tags = [{ key: 'a', value: '' }]
      await make('two', { tags })
      expect(await store.getBucketConfig('two' as BucketName, 'tags')).toEqual(tags)
      expect((await store.getBucketAccess('two' as BucketName)).ownership).toBe(
        'BucketOwnerEnforced',
      )
    }),
  )

  it(
    'keeps the ACL of an object with it, and of a copy its own',
    onStore(openSubject, async (store) => {
      await allowAcls(store)
      const before = await put(store, 'k', 'x', { attributes: open })
      expect(await aclOf(store, 'k')).toBe('public-read')
      await copy(store, 'k', 'plain-copy')
      await copy(store, 'k', 'open-copy', { acl: 'public-read-write' })
      expect(await aclOf(store, 'plain-copy')).toBe('private')
      expect(await aclOf(store, 'open-copy')).toBe('public-read-write')
      await store.putObjectAcl({ bucket, key: key('k'), acl: 'private' })
      const after = await store.headObject({
        bucket,
        key: key('k'),
        conditions: {},
        signal: neverAborted,
      })
      expect(after).toMatchObject({ etag: before.etag, lastModified: before.lastModified })
      expect(await aclOf(store, 'k')).toBe('private')
      await put(store, 'open-copy', 'y')
      expect(await aclOf(store, 'open-copy')).toBe('private')
      await remove(store, 'k')
      const gone = store.putObjectAcl({ bucket, key: key('k'), acl: 'private' })
      expect(await failure(gone)).toBe('no-such-key')
    }),
  )

  it(
    'keeps the ACL of an upload for the object it becomes',
    onStore(openSubject, async (store) => {
      await allowAcls(store)
      const upload = await UploadClient.start(store, 'k', { attributes: open })
      await upload.complete([await upload.part(1, 'x')])
      expect(await aclOf(store, 'k')).toBe('public-read')
    }),
  )
}

/** Every write that can bring an ACL. */
function writesOf(store: ObjectStore): (() => Promise<unknown>)[] {
  return [
    () => put(store, 'new', 'x', { attributes: open }),
    () => copy(store, 'k', 'new', { acl: 'public-read' }),
    () => store.putObjectAcl({ bucket, key: key('k'), acl: 'public-read' }),
    () => UploadClient.start(store, 'new', { attributes: open }),
  ]
}
