import {
  CreateBucketCommand,
  ListObjectsCommand,
  type ListObjectsCommandInput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../../http/support/refusal.ts'
import { S3Server } from '../../http/support/s3-server.ts'

const Bucket = 'listing-bucket'
const KEYS = ['a', 'a/1', 'a/2', 'a/b/3', 'b', 'c+d', 'c/x y', 'ü/é', '~']

let server: S3Server
beforeAll(async () => {
  server = await S3Server.open()
  await server.client.send(new CreateBucketCommand({ Bucket }))
  for (const Key of KEYS) {
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  }
})
afterAll(() => server[Symbol.asyncDispose]())

const v1 = (more: Partial<ListObjectsCommandInput> = {}) =>
  server.client.send(new ListObjectsCommand({ Bucket, ...more }))
const v2 = (more: Partial<ListObjectsV2CommandInput> = {}) =>
  server.client.send(new ListObjectsV2Command({ Bucket, ...more }))
const sorted = (names: readonly string[]) =>
  [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))

interface Page {
  readonly Contents?: { readonly Key?: string | undefined }[] | undefined
  readonly CommonPrefixes?: { readonly Prefix?: string | undefined }[] | undefined
}
const keysOf = ({ Contents = [] }: Page) => Contents.map(({ Key = '' }) => Key)
const prefixesOf = ({ CommonPrefixes = [] }: Page) =>
  CommonPrefixes.map(({ Prefix = '' }) => Prefix)

describe('ListObjectsV2', () => {
  it('says of each key what S3 says', async () => {
    const page = await v2()
    expect(page).toMatchObject({ Name: Bucket, Prefix: '', MaxKeys: 1000, IsTruncated: false })
    expect(page.KeyCount).toBe(KEYS.length)
    expect(keysOf(page)).toEqual(sorted(KEYS))
    expect(page.Contents?.[0]).toMatchObject({
      Key: 'a',
      Size: 1,
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: ['CRC32'],
      ChecksumType: 'FULL_OBJECT',
      ETag: '"0cc175b9c0f1b6a831c399e269772661"',
    })
    expect(page.Contents?.[0]?.Owner).toBeUndefined()
    expect(page.NextContinuationToken).toBeUndefined()
  })

  it('gives the owner when asked', async () => {
    expect((await v2({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  it('folds keys at the delimiter', async () => {
    const page = await v2({ Delimiter: '/' })
    expect(keysOf(page)).toEqual(['a', 'b', 'c+d', '~'])
    expect(prefixesOf(page)).toEqual(['a/', 'c/', 'ü/'])
    expect(page).toMatchObject({ Delimiter: '/', KeyCount: 7 })
    const below = await v2({ Delimiter: '/', Prefix: 'a/' })
    expect(keysOf(below)).toEqual(['a/1', 'a/2'])
    expect(prefixesOf(below)).toEqual(['a/b/'])
    expect(below.Prefix).toBe('a/')
  })

  it('starts after a key', async () => {
    const page = await v2({ StartAfter: 'a/2' })
    expect(keysOf(page)).toEqual(sorted(KEYS).slice(3))
    expect(page.StartAfter).toBe('a/2')
  })

  it('counts start-after on the first page only', async () => {
    const first = await v2({ StartAfter: 'a', MaxKeys: 2 })
    const { NextContinuationToken } = first
    const second = await v2({ StartAfter: 'zzz', ContinuationToken: NextContinuationToken })
    expect([...keysOf(first), ...keysOf(second)]).toEqual(sorted(KEYS).slice(1))
    expect(second.ContinuationToken).toBe(NextContinuationToken)
  })

  it('takes an empty token for none, and says so', async () => {
    const page = await v2({ ContinuationToken: '' })
    expect(page.ContinuationToken).toBe('')
    expect(keysOf(page)).toHaveLength(KEYS.length)
  })

  it.each(['abc', 'AAAAAAAA', 'AWFiYw', '../..', 'Zm9v'])('refuses the token %s', async (token) => {
    const refused = await refusal(v2({ ContinuationToken: token }))
    expect(refused).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })

  it('gives every key once, whatever the page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom(undefined, '/', 'a', '//'),
        fc.constantFrom('', 'a', 'a/', 'c'),
        async (MaxKeys, Delimiter, Prefix) => {
          const whole = await v2({ Prefix, ...(Delimiter !== undefined && { Delimiter }) })
          const seen: string[] = []
          let token: string | undefined
          do {
            const page = await v2({
              MaxKeys,
              Prefix,
              ...(Delimiter !== undefined && { Delimiter }),
              ...(token !== undefined && { ContinuationToken: token }),
            })
            expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys)
            expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined)
            seen.push(...keysOf(page), ...prefixesOf(page))
            token = page.NextContinuationToken
          } while (token !== undefined)
          expect(sorted(seen)).toEqual(sorted([...keysOf(whole), ...prefixesOf(whole)]))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('answers nothing for max-keys=0, and is not truncated', async () => {
    const page = await v2({ MaxKeys: 0 })
    expect(page).toMatchObject({ KeyCount: 0, MaxKeys: 0, IsTruncated: false })
    expect(page.Contents).toBeUndefined()
  })

  it('gives at most 1000', async () => {
    expect((await v2({ MaxKeys: 5000 })).MaxKeys).toBe(1000)
  })

  it.each([
    ['a negative number of keys', { MaxKeys: -1 }],
    ['another encoding', { EncodingType: 'base64' as never }],
  ])('refuses %s', async (_name, more) => {
    expect(await refusal(v2(more))).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })

  it('says when there is no such bucket', async () => {
    const list = new ListObjectsV2Command({ Bucket: 'no-such-bucket' })
    expect(await refusal(server.client.send(list))).toMatchObject({
      status: 404,
      code: 'NoSuchBucket',
    })
  })
})

describe('encoding-type=url', () => {
  it('leaves the prefix of version 1 as it is, which botocore does not decode', async () => {
    expect((await v1({ EncodingType: 'url', Prefix: 'ü' })).Prefix).toBe('ü')
    expect((await v2({ EncodingType: 'url', Prefix: 'ü' })).Prefix).toBe('%C3%BC')
  })

  it('escapes keys, prefixes, delimiter and marker', async () => {
    const page = await v1({ EncodingType: 'url', Delimiter: '/', Prefix: 'c', Marker: 'c ' })
    expect(page).toMatchObject({ EncodingType: 'url', Marker: 'c%20', Prefix: 'c' })
    expect(keysOf(page)).toEqual(['c%2Bd'])
    expect(prefixesOf(page)).toEqual(['c/'])
    const deep = await v2({ EncodingType: 'url', Prefix: 'ü', StartAfter: 'ü' })
    expect(keysOf(deep)).toEqual(['%C3%BC/%C3%A9'])
    expect(deep).toMatchObject({ Prefix: '%C3%BC', StartAfter: '%C3%BC' })
  })
})

describe('ListObjects', () => {
  it('has NextMarker only with a delimiter', async () => {
    const plain = await v1({ MaxKeys: 2 })
    expect(plain).toMatchObject({ IsTruncated: true, Marker: '', MaxKeys: 2 })
    expect(plain.NextMarker).toBeUndefined()
    expect(plain.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
    const folded = await v1({ MaxKeys: 2, Delimiter: '/' })
    expect(folded.NextMarker).toBe('a/')
    const next = await v1({ Marker: folded.NextMarker, Delimiter: '/' })
    expect(keysOf(next)).toEqual(['b', 'c+d', '~'])
    expect(prefixesOf(next)).toEqual(['c/', 'ü/'])
    expect(next.Marker).toBe('a/')
    expect(next.NextMarker).toBeUndefined()
  })

  it('starts after a marker that need not be a key', async () => {
    expect(keysOf(await v1({ Marker: 'a/15' }))).toEqual(sorted(KEYS).slice(2))
  })
})

describe('ListObjectVersions', () => {
  const versions = (more: object = {}) =>
    server.client.send(new ListObjectVersionsCommand({ Bucket, ...more }))

  it('gives each object as its only version', async () => {
    const page = await versions()
    expect(page.Versions?.map(({ Key }) => Key)).toEqual(sorted(KEYS))
    expect(page.Versions?.[0]).toMatchObject({ VersionId: 'null', IsLatest: true, Size: 1 })
    expect(page.DeleteMarkers).toBeUndefined()
  })

  it('goes on after key and version', async () => {
    const first = await versions({ MaxKeys: 4 })
    expect(first).toMatchObject({ IsTruncated: true, NextVersionIdMarker: 'null' })
    const second = await versions({
      KeyMarker: first.NextKeyMarker,
      VersionIdMarker: first.NextVersionIdMarker,
    })
    expect(second.Versions?.map(({ Key }) => Key)).toEqual(sorted(KEYS).slice(4))
    expect(await refusal(versions({ VersionIdMarker: 'null' }))).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    })
  })
})
