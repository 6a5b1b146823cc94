import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { refusal, useServer } from '../harness/fixture.ts'
import { assertWellFormed, elements } from '../harness/xml.ts'

const varve = useServer()
const foreign = 'f'.repeat(32)

async function set(bucket: string, Status: 'Enabled' | 'Suspended'): Promise<void> {
  const VersioningConfiguration = { Status }
  await varve.sdk.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }))
}

async function versionedBucket(): Promise<string> {
  const bucket = await varve.bucket()
  await set(bucket, 'Enabled')
  return bucket
}

async function put(Bucket: string, Key: string, Body: string): Promise<string> {
  const { VersionId } = await varve.sdk.send(new PutObjectCommand({ Bucket, Key, Body }))
  return VersionId ?? 'none'
}

async function read(Bucket: string, Key: string, VersionId?: string): Promise<string> {
  const reply = await varve.sdk.send(new GetObjectCommand({ Bucket, Key, VersionId }))
  return (await reply.Body?.transformToString()) ?? ''
}

/** Versions and markers in the order they are listed: "key version", with a star for the latest. */
async function listed(bucket: string, query = ''): Promise<string[]> {
  const path = `/${bucket}`
  const reply = await varve.wire.send({ method: 'GET', path, query: `versions=&${query}` })
  assertWellFormed(reply.text)
  const pattern = /<(Version|DeleteMarker)>.*?<\/\1>/g
  return [...reply.text.matchAll(pattern)].map(([entry, kind]) => {
    const [key, id, latest] = ['Key', 'VersionId', 'IsLatest'].map(
      (name) => elements(entry, name)[0],
    )
    return `${kind === 'Version' ? '' : '-'}${key} ${id}${latest === 'true' ? ' *' : ''}`
  })
}

describe('PutBucketVersioning', () => {
  it('is read back by GetBucketVersioning', async () => {
    const bucket = await varve.bucket()
    const status = async () =>
      (await varve.sdk.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status
    expect(await status()).toBeUndefined()
    for (const wanted of ['Enabled', 'Suspended', 'Enabled'] as const) {
      await set(bucket, wanted)
      expect(await status()).toBe(wanted)
    }
  })

  it.each([
    ['<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>', 403, 'AccessDenied'],
    ['<Status>Enabled</Status><MfaDelete>maybe</MfaDelete>', 400, 'MalformedXML'],
    ['<Status>On</Status>', 400, 'MalformedXML'],
    ['<Status>Enabled</Status><Other/>', 400, 'MalformedXML'],
    ['', 400, 'IllegalVersioningConfigurationException'],
  ])('refuses %s', async (inner, status, code) => {
    const bucket = await varve.bucket()
    const body = `<VersioningConfiguration>${inner}</VersioningConfiguration>`
    const request = { method: 'PUT', path: `/${bucket}`, query: 'versioning=', body }
    const reply = await varve.wire.send(request)
    expect([reply.status, reply.code]).toEqual([status, code])
    const after = await varve.sdk.send(new GetBucketVersioningCommand({ Bucket: bucket }))
    expect(after.Status).toBeUndefined()
  })

  it('takes MfaDelete that is switched off', async () => {
    const bucket = await varve.bucket()
    const inner = '<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>'
    const body = `<VersioningConfiguration>${inner}</VersioningConfiguration>`
    const request = { method: 'PUT', path: `/${bucket}`, query: 'versioning=', body }
    expect((await varve.wire.send(request)).status).toBe(200)
  })
})

describe('A versioned bucket', () => {
  it('gives every version by its id, in reads, heads, tags and attributes', async () => {
    const Bucket = await versionedBucket()
    const ids = [await put(Bucket, 'k', 'one'), await put(Bucket, 'k', 'other')]
    expect(await read(Bucket, 'k')).toBe('other')
    expect(await read(Bucket, 'k', ids[0])).toBe('one')
    const older = { Bucket, Key: 'k', VersionId: ids[0] }
    const head = await varve.sdk.send(new HeadObjectCommand(older))
    expect(head).toMatchObject({ VersionId: ids[0], ContentLength: 3 })
    const TagSet = [{ Key: 'a', Value: 'b' }]
    const tagged = await varve.sdk.send(
      new PutObjectTaggingCommand({ ...older, Tagging: { TagSet } }),
    )
    expect(tagged.VersionId).toBe(ids[0])
    expect(await varve.sdk.send(new GetObjectTaggingCommand(older))).toMatchObject({
      VersionId: ids[0],
      TagSet,
    })
    const current = { Bucket, Key: 'k' }
    expect((await varve.sdk.send(new GetObjectTaggingCommand(current))).TagSet).toEqual([])
    await varve.sdk.send(new DeleteObjectTaggingCommand(older))
    expect((await varve.sdk.send(new GetObjectTaggingCommand(older))).TagSet).toEqual([])
    const attributes = new GetObjectAttributesCommand({
      ...older,
      ObjectAttributes: ['ObjectSize'],
    })
    expect(await varve.sdk.send(attributes)).toMatchObject({ VersionId: ids[0], ObjectSize: 3 })
  })

  it('hides a deleted object behind a marker, and says so', async () => {
    const Bucket = await versionedBucket()
    const id = await put(Bucket, 'k', 'x')
    const deleted = await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(deleted.DeleteMarker).toBe(true)
    const marker = deleted.VersionId ?? ''
    for (const method of ['GET', 'HEAD']) {
      const reply = await varve.wire.send({ method, path: `/${Bucket}/k` })
      expect(reply.status).toBe(404)
      expect(reply.headers).toMatchObject({
        'x-amz-delete-marker': 'true',
        'x-amz-version-id': marker,
      })
      const query = `versionId=${marker}`
      const named = await varve.wire.send({ method, path: `/${Bucket}/k`, query })
      expect(named.status).toBe(405)
      expect(named.headers).toMatchObject({ 'x-amz-delete-marker': 'true', allow: 'DELETE' })
      expect(named.headers['last-modified']).toBeDefined()
    }
    expect(await read(Bucket, 'k', id)).toBe('x')
    const page = await varve.sdk.send(new ListObjectsV2Command({ Bucket }))
    expect(page.KeyCount).toBe(0)
    const uncovered = new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker })
    expect(await varve.sdk.send(uncovered)).toMatchObject({ DeleteMarker: true, VersionId: marker })
    expect(await read(Bucket, 'k')).toBe('x')
  })

  it('tells ids that never were from versions that are not', async () => {
    const bucket = await versionedBucket()
    await put(bucket, 'k', 'x')
    const ask = async (method: string, versionId: string) => {
      const query = `versionId=${versionId}`
      const reply = await varve.wire.send({ method, path: `/${bucket}/k`, query })
      return [reply.status, reply.code]
    }
    expect(await ask('GET', foreign)).toEqual([404, 'NoSuchVersion'])
    expect(await ask('GET', 'null')).toEqual([404, 'NoSuchVersion'])
    expect(await ask('DELETE', foreign)).toEqual([204, null])
    for (const broken of ['', 'x', foreign.toUpperCase(), `${foreign}0`, '%00']) {
      for (const method of ['GET', 'DELETE']) {
        expect(await ask(method, broken)).toEqual([400, 'InvalidArgument'])
      }
    }
    expect(await read(bucket, 'k')).toBe('x')
  })

  it('writes no version by its id', async () => {
    const bucket = await versionedBucket()
    const id = await put(bucket, 'k', 'x')
    const write = async (query: string, headers: Readonly<Record<string, string>> = {}) => {
      const path = `/${bucket}/k`
      const reply = await varve.wire.send({ method: 'PUT', path, query, headers, body: 'y' })
      return [reply.status, reply.code]
    }
    for (const query of [`versionId=${id}`, 'versionId=null', 'versionId=']) {
      const part = `partNumber=1&uploadId=x&${query}`
      const copied = { 'x-amz-copy-source': `${bucket}/k`, 'x-amz-metadata-directive': 'REPLACE' }
      expect(await write(query)).toEqual([400, 'InvalidArgument'])
      expect(await write(query, copied)).toEqual([400, 'InvalidArgument'])
      expect(await write(part)).toEqual([400, 'InvalidArgument'])
      expect(await write(part, copied)).toEqual([400, 'InvalidArgument'])
    }
    expect(await read(bucket, 'k')).toBe('x')
  })

  it('makes the next newest current when the current version is removed', async () => {
    const Bucket = await versionedBucket()
    const ids = [
      await put(Bucket, 'k', '1'),
      await put(Bucket, 'k', '2'),
      await put(Bucket, 'k', '3'),
    ]
    for (const [VersionId, left] of [
      [ids[2], '2'],
      [ids[0], '2'],
    ] as const) {
      await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }))
      expect(await read(Bucket, 'k')).toBe(left)
    }
    const bucket = await refusal(varve.sdk.send(new DeleteBucketCommand({ Bucket })))
    expect(bucket).toEqual({ code: 'BucketNotEmpty', status: 409 })
    await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: ids[1] }))
    await varve.sdk.send(new DeleteBucketCommand({ Bucket }))
  })

  it('keeps what was there before as its null version', async () => {
    const Bucket = await varve.bucket()
    expect(await put(Bucket, 'k', 'before')).toBe('none')
    await set(Bucket, 'Enabled')
    const id = await put(Bucket, 'k', 'after')
    expect(await read(Bucket, 'k', 'null')).toBe('before')
    expect(await listed(Bucket)).toEqual([`k ${id} *`, 'k null'])
    await set(Bucket, 'Suspended')
    expect(await put(Bucket, 'k', 'null again')).toBe('none')
    expect(await listed(Bucket)).toEqual(['k null *', `k ${id}`])
    const deleted = await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(deleted).toMatchObject({ DeleteMarker: true, VersionId: 'null' })
    expect(await listed(Bucket)).toEqual(['-k null *', `k ${id}`])
    expect(await read(Bucket, 'k', id)).toBe('after')
  })

  it('copies a version named, and so makes it current again', async () => {
    const Bucket = await versionedBucket()
    const id = await put(Bucket, 'k', 'first')
    await put(Bucket, 'k', 'second')
    const CopySource = `${Bucket}/k?versionId=${id}`
    const copied = await varve.sdk.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource }))
    expect(copied.CopySourceVersionId).toBe(id)
    expect(await read(Bucket, 'k')).toBe('first')
    expect(await read(Bucket, 'k', copied.VersionId)).toBe('first')
    const missing = `${Bucket}/k?versionId=${foreign}`
    const call = varve.sdk.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource: missing }))
    expect(await refusal(call)).toEqual({ code: 'NoSuchVersion', status: 404 })
  })

  it('makes a version of a completed upload, of parts of a version named', async () => {
    const Bucket = await versionedBucket()
    const id = await put(Bucket, 'k', 'first')
    await put(Bucket, 'k', 'second')
    const object = { Bucket, Key: 'k' }
    const { UploadId } = await varve.sdk.send(new CreateMultipartUploadCommand(object))
    const part = { ...object, UploadId, PartNumber: 1 }
    const CopySource = `${Bucket}/k?versionId=${id}`
    const copied = await varve.sdk.send(new UploadPartCopyCommand({ ...part, CopySource }))
    expect(copied.CopySourceVersionId).toBe(id)
    const Parts = [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }]
    const MultipartUpload = { Parts }
    const complete = new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload })
    const { VersionId } = await varve.sdk.send(complete)
    expect(await read(Bucket, 'k', VersionId)).toBe('first')
    expect((await listed(Bucket))[0]).toBe(`k ${VersionId} *`)
  })

  it('deletes many at once, versions and keys mixed', async () => {
    const Bucket = await versionedBucket()
    const ids = [await put(Bucket, 'a', '1'), await put(Bucket, 'a', '2')]
    const first = [
      { Key: 'a', VersionId: ids[0] },
      { Key: 'b' },
      { Key: 'c', VersionId: 'nonsense' },
    ]
    const reply = await varve.sdk.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: first } }),
    )
    const [version, marker] = reply.Deleted ?? []
    expect(version).toEqual({ Key: 'a', VersionId: ids[0] })
    expect(marker).toMatchObject({ Key: 'b', DeleteMarker: true })
    expect(reply.Errors).toMatchObject([{ Key: 'c', VersionId: 'nonsense', Code: 'NoSuchVersion' }])
    const VersionId = marker?.DeleteMarkerVersionId
    const again = await varve.sdk.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'b', VersionId }] } }),
    )
    expect(again.Deleted).toEqual([
      { Key: 'b', VersionId, DeleteMarker: true, DeleteMarkerVersionId: VersionId },
    ])
    expect(await listed(Bucket)).toEqual([`a ${ids[1]} *`])
  })

  it('deletes once what is named twice, with one marker', async () => {
    const Bucket = await versionedBucket()
    const VersionId = await put(Bucket, 'a', '1')
    const Objects = [{ Key: 'a' }, { Key: 'a', VersionId }, { Key: 'a' }, { Key: 'a', VersionId }]
    const reply = await varve.sdk.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(reply.Deleted).toMatchObject([
      { Key: 'a', DeleteMarker: true },
      { Key: 'a', VersionId },
    ])
    const { DeleteMarkers } = await varve.sdk.send(new ListObjectVersionsCommand({ Bucket }))
    expect(DeleteMarkers).toHaveLength(1)
  })

  it('holds conditions against the current object, of which a marker is none', async () => {
    const Bucket = await versionedBucket()
    const none = { Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' }
    await varve.sdk.send(new PutObjectCommand(none))
    const taken = await refusal(varve.sdk.send(new PutObjectCommand(none)))
    expect(taken).toEqual({ code: 'PreconditionFailed', status: 412 })
    await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    const matched = new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', IfMatch: '*' })
    expect(await refusal(varve.sdk.send(matched))).toEqual({ code: 'NoSuchKey', status: 404 })
    await varve.sdk.send(new PutObjectCommand(none))
  })

  it('loses no version among those who write at once', async () => {
    const bucket = await versionedBucket()
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`)
    const ids = await Promise.all(texts.map((text) => put(bucket, 'k', text)))
    const lines = await listed(bucket)
    expect(lines.map((line) => line.split(' ')[1]).sort()).toEqual([...ids].sort())
    expect(lines.filter((line) => line.endsWith('*'))).toHaveLength(1)
    const found = await Promise.all(ids.map((id) => read(bucket, 'k', id)))
    expect(found).toEqual(texts)
    // The order of the ids is the order of the list, and the list's first is what is current.
    expect(lines.map((line) => line.split(' ')[1])).toEqual([...ids].sort().reverse())
    expect(await read(bucket, 'k')).toBe(texts[ids.indexOf([...ids].sort().at(-1) ?? '')])
  })
})

describe('ListObjectVersions', () => {
  it('pages through keys and versions, and folds by delimiter', async () => {
    const bucket = await versionedBucket()
    for (const key of ['a', 'a', 'b/1', 'b/2', 'c&d', 'é']) await put(bucket, key, key)
    await varve.sdk.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }))
    const all = await listed(bucket)
    expect(all.map((line) => line.split(' ')[0])).toEqual([
      '-a',
      'a',
      'a',
      'b/1',
      'b/2',
      'c&d',
      'é',
    ])
    for (const limit of [1, 2, 3]) {
      const found: string[] = []
      let markers = ''
      for (;;) {
        const query = `versions=&encoding-type=url&max-keys=${limit}${markers}`
        const { text } = await varve.wire.send({ method: 'GET', path: `/${bucket}`, query })
        found.push(...elements(text, 'VersionId'))
        if (elements(text, 'IsTruncated')[0] !== 'true') break
        const [key = ''] = elements(text, 'NextKeyMarker')
        const [version = ''] = elements(text, 'NextVersionIdMarker')
        markers = `&key-marker=${key}&version-id-marker=${version}`
      }
      expect(found).toEqual(all.map((line) => line.split(' ')[1]))
    }
    const Bucket = bucket
    const query = new ListObjectVersionsCommand({ Bucket, Delimiter: '/', Prefix: 'b' })
    const folded = await varve.sdk.send(query)
    expect(folded.CommonPrefixes).toEqual([{ Prefix: 'b/' }])
    expect(folded.Versions).toBeUndefined()
  })

  it('goes on behind a version that is gone by now', async () => {
    const Bucket = await varve.bucket()
    await put(Bucket, 'a', 'null')
    await set(Bucket, 'Enabled')
    for (const text of ['1', '2', '3']) await put(Bucket, 'a', text)
    await put(Bucket, 'b', '4')
    const removed: string[] = []
    let markers = {}
    for (;;) {
      const query = new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers })
      const page = await varve.sdk.send(query)
      for (const { Key = '', VersionId } of page.Versions ?? []) {
        removed.push(`${Key} ${VersionId}`)
        await varve.sdk.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
      }
      if (page.IsTruncated !== true) break
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(removed).toHaveLength(5)
    expect(removed[3]).toBe('a null')
    await varve.sdk.send(new DeleteBucketCommand({ Bucket }))
  })

  it.each([
    ['version-id-marker=null', 'InvalidArgument'],
    ['key-marker=a&version-id-marker=nonsense', 'InvalidArgument'],
    ['max-keys=-1', 'InvalidArgument'],
    ['encoding-type=base64', 'InvalidArgument'],
  ])('refuses ?%s', async (query, code) => {
    const bucket = await versionedBucket()
    const path = `/${bucket}`
    const reply = await varve.wire.send({ method: 'GET', path, query: `versions=&${query}` })
    expect([reply.status, reply.code]).toEqual([400, code])
  })
})
