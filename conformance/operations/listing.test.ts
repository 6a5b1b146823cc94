import {
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { bucketName, refusal, useServer } from '../harness/fixture.ts'
import { uriEncode } from '../harness/sigv4.ts'
import { assertWellFormed, element, elements } from '../harness/xml.ts'

const varve = useServer()

async function filled(keys: readonly string[]): Promise<string> {
  const bucket = await varve.bucket()
  const put = async (key: string) => {
    await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }))
  }
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map(put))
  }
  return bucket
}

function byUtf8(keys: readonly string[]): string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** What S3 promises, said as simply as possible. */
function model(
  keys: readonly string[],
  query: { readonly prefix?: string; readonly delimiter?: string; readonly after?: string },
): string[] {
  const { prefix = '', delimiter = '', after = '' } = query
  const seen = new Set<string>()
  for (const key of byUtf8(keys)) {
    if (!key.startsWith(prefix)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = cut === -1 ? key : key.slice(0, cut + delimiter.length)
    if (Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0) seen.add(name)
  }
  return [...seen]
}

const tree = ['a', 'a/', 'a/b', 'a/b/c', 'a/d', 'ab', 'b/1', 'b/2', 'c//x', 'c/y', 'd', '/root']

async function pagesV2(
  bucket: string,
  query: Omit<ListObjectsV2CommandInput, 'Bucket'>,
): Promise<string[]> {
  const found: string[] = []
  let token: string | undefined
  do {
    const page: ListObjectsV2CommandOutput = await varve.sdk.send(
      new ListObjectsV2Command({ Bucket: bucket, ...query, ContinuationToken: token }),
    )
    const names = [
      ...(page.Contents ?? []).map((item) => item.Key ?? ''),
      ...(page.CommonPrefixes ?? []).map((item) => item.Prefix ?? ''),
    ]
    expect(names.length).toBe(page.KeyCount)
    expect(names.length).toBeLessThanOrEqual(query.MaxKeys ?? 1000)
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined)
    found.push(...byUtf8(names))
    token = page.NextContinuationToken
  } while (token !== undefined)
  return found
}

async function pagesV1(
  bucket: string,
  query: { readonly Prefix?: string; readonly Delimiter?: string; readonly MaxKeys: number },
): Promise<string[]> {
  const found: string[] = []
  let marker: string | undefined
  for (;;) {
    const page: ListObjectsCommandOutput = await varve.sdk.send(
      new ListObjectsCommand({ Bucket: bucket, ...query, Marker: marker }),
    )
    const names = byUtf8([
      ...(page.Contents ?? []).map((item) => item.Key ?? ''),
      ...(page.CommonPrefixes ?? []).map((item) => item.Prefix ?? ''),
    ])
    found.push(...names)
    if (page.IsTruncated !== true) return found
    marker = query.Delimiter === undefined ? names.at(-1) : page.NextMarker
    expect(marker).toBeDefined()
  }
}

describe('ListObjectsV2', () => {
  it('describes each object', async () => {
    const bucket = await filled(['one'])
    const page = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect(page).toMatchObject({ Name: bucket, KeyCount: 1, MaxKeys: 1000, IsTruncated: false })
    expect(page.Contents).toEqual([
      {
        Key: 'one',
        Size: 3,
        ETag: '"f97c5d29941bfb1b2fdab0874906ab82"',
        StorageClass: 'STANDARD',
        LastModified: expect.any(Date),
        ChecksumAlgorithm: ['CRC32'],
        ChecksumType: 'FULL_OBJECT',
      },
    ])
    expect(page.CommonPrefixes).toBeUndefined()
  })

  it('names owners only when asked', async () => {
    const bucket = await filled(['one'])
    const owned = new ListObjectsV2Command({ Bucket: bucket, FetchOwner: true })
    expect((await varve.sdk.send(owned)).Contents?.[0]?.Owner?.ID).toMatch(/./)
  })

  it('is empty for an empty bucket and refuses a bucket that is not', async () => {
    const bucket = await varve.bucket()
    const page = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect([page.KeyCount, page.Contents, page.IsTruncated]).toEqual([0, undefined, false])
    const call = varve.sdk.send(new ListObjectsV2Command({ Bucket: bucketName() }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })

  const queries = ['', 'a', 'a/', 'b/', 'c/', 'z', '/'].flatMap((prefix) =>
    ['', '/', 'b', '//', 'a/'].map((delimiter) => ({ prefix, delimiter })),
  )

  it('agrees with the model for every prefix, delimiter, page size and start', async () => {
    const bucket = await filled(tree)
    for (const { prefix, delimiter } of queries) {
      for (const after of ['', 'a/', 'a/b', 'b', 'c/zzz']) {
        const expected = model(tree, { prefix, delimiter, after })
        for (const MaxKeys of [1, 3, 1000]) {
          const found = await pagesV2(bucket, {
            MaxKeys,
            ...(prefix !== '' && { Prefix: prefix }),
            ...(delimiter !== '' && { Delimiter: delimiter }),
            ...(after !== '' && { StartAfter: after }),
          })
          const where = { prefix, delimiter, after, MaxKeys }
          expect({ where, found }).toEqual({ where, found: expected })
        }
      }
    }
  })

  it('orders by UTF-8 bytes, where UTF-16 would differ', async () => {
    const keys = ['\uFF61', '\u{1F600}', 'z', 'Z', 'é', 'e', '\uE000', '~', '0']
    const bucket = await filled(keys)
    expect(await pagesV2(bucket, {})).toEqual(byUtf8(keys))
    expect(await pagesV2(bucket, { MaxKeys: 2 })).toEqual(byUtf8(keys))
    expect(await pagesV2(bucket, { StartAfter: '\uFF61' })).toEqual(['\u{1F600}'])
  })

  it('pages through 2,500 keys, 1,000 at a time at most', async () => {
    const keys = Array.from({ length: 2500 }, (_, at) => `k/${String(at).padStart(5, '0')}`)
    const bucket = await filled(keys)
    const first = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect([first.KeyCount, first.IsTruncated]).toEqual([1000, true])
    const many = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5000 }))
    expect(many.KeyCount).toBe(1000)
    expect(await pagesV2(bucket, {})).toEqual(keys)
    expect(await pagesV2(bucket, { Delimiter: '/' })).toEqual(['k/'])
  })

  it('encodes what it echoes when encoding-type=url', async () => {
    const key = 'a b/ü+%/c'
    const bucket = await filled([key])
    const query = `list-type=2&encoding-type=url&prefix=${uriEncode('a b')}&start-after=${uriEncode('a !')}&delimiter=${uriEncode('+')}`
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    assertWellFormed(reply.text)
    expect(element(reply.text, 'EncodingType')).toBe('url')
    const decoded = (name: string) =>
      elements(reply.text, name).map((text) => decodeURIComponent(text.replaceAll('+', ' ')))
    expect(decoded('Prefix')).toEqual(expect.arrayContaining(['a b', 'a b/ü+']))
    expect(decoded('StartAfter')).toEqual(['a !'])
    expect(decoded('Delimiter')).toEqual(['+'])
  })

  it.each([
    ['max-keys=-1', 'InvalidArgument'],
    ['max-keys=x', 'InvalidArgument'],
    ['max-keys=99999999999', 'InvalidArgument'],
    ['encoding-type=base64', 'InvalidArgument'],
    ['continuation-token=not-one-of-ours', 'InvalidArgument'],
  ])('refuses %s', async (more, code) => {
    const bucket = await varve.bucket()
    const query = `list-type=2&${more}`
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
    expect([reply.status, reply.code]).toEqual([400, code])
  })

  it('gives nothing, and says it is all, for max-keys=0', async () => {
    const bucket = await filled(['a'])
    const page = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }))
    expect([page.KeyCount, page.IsTruncated, page.Contents]).toEqual([0, false, undefined])
  })

  it('sees each write and delete at once', async () => {
    const bucket = await varve.bucket()
    for (let turn = 0; turn < 30; turn++) {
      const Key = `k${turn % 7}`
      await varve.sdk.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))
      expect(await pagesV2(bucket, {})).toEqual([Key])
      await varve.wire.send({ method: 'DELETE', path: `/${bucket}/${Key}` })
      expect(await pagesV2(bucket, {})).toEqual([])
    }
  })

  it('continues from a token although keys around it come and go', async () => {
    const bucket = await filled(['a', 'b', 'c', 'd'])
    const first = await varve.sdk.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2 }))
    await varve.wire.send({ method: 'DELETE', path: `/${bucket}/b` })
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/bb`, body: 'x' })
    const second = await varve.sdk.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ContinuationToken: first.NextContinuationToken,
      }),
    )
    expect(second.Contents?.map((item) => item.Key)).toEqual(['bb', 'c', 'd'])
  })
})

describe('ListObjects', () => {
  it('describes each object with its owner', async () => {
    const bucket = await filled(['one'])
    const page = await varve.sdk.send(new ListObjectsCommand({ Bucket: bucket }))
    expect(page).toMatchObject({ Name: bucket, MaxKeys: 1000, IsTruncated: false })
    expect(page.Contents?.[0]).toMatchObject({ Key: 'one', Size: 3, StorageClass: 'STANDARD' })
    expect(page.Contents?.[0]?.Owner?.ID).toMatch(/./)
  })

  it('agrees with the model for every prefix, delimiter and page size', async () => {
    const bucket = await filled(tree)
    for (const prefix of ['', 'a', 'a/', 'b/', 'c/', 'z']) {
      for (const delimiter of ['', '/', 'b']) {
        const expected = model(tree, { prefix, delimiter })
        for (const MaxKeys of [1, 2, 1000]) {
          const found = await pagesV1(bucket, {
            MaxKeys,
            ...(prefix !== '' && { Prefix: prefix }),
            ...(delimiter !== '' && { Delimiter: delimiter }),
          })
          const where = { prefix, delimiter, MaxKeys }
          expect({ where, found }).toEqual({ where, found: expected })
        }
      }
    }
  })

  it('starts after the marker, be it a key or not', async () => {
    const bucket = await filled(['a', 'b', 'c'])
    const from = async (Marker: string) => {
      const page = await varve.sdk.send(new ListObjectsCommand({ Bucket: bucket, Marker }))
      expect(page.Marker).toBe(Marker)
      return page.Contents?.map((item) => item.Key)
    }
    expect(await from('a')).toEqual(['b', 'c'])
    expect(await from('aaa')).toEqual(['b', 'c'])
    expect(await from('c')).toBeUndefined()
  })

  it('names the next marker only with a delimiter', async () => {
    const bucket = await filled(['a/1', 'b/1', 'c'])
    const list = async (query: string) =>
      (await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })).text
    expect(element(await list('max-keys=1&delimiter=%2F'), 'NextMarker')).toBe('a/')
    expect(element(await list('max-keys=1'), 'NextMarker')).toBeNull()
    const rest = await list('max-keys=10&delimiter=%2F&marker=a%2F')
    expect(elements(rest, 'Prefix').filter((text) => text !== '')).toEqual(['b/'])
  })

  it('refuses a bucket that is not', async () => {
    const call = varve.sdk.send(new ListObjectsCommand({ Bucket: bucketName() }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchBucket', status: 404 })
  })
})
