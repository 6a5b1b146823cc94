/** Short words for what tests ask of a store. */
import { createHash } from 'node:crypto'
import type { BucketName } from '../../src/model/bucket-name.ts'
import type { ChecksumAlgorithm } from '../../src/model/checksum.ts'
import type { ObjectKey } from '../../src/model/object-key.ts'
import type {
  CompletedPart,
  CompleteUploadInput,
  CopiedObject,
  CopyObjectInput,
  CreateUploadInput,
  Deleted,
  ListObjectsQuery,
  ObjectAttributes,
  ObjectBody,
  ObjectReader,
  ObjectStore,
  PartInfo,
  PutObjectInput,
  VersionInfo,
} from '../../src/store/object-store.ts'

export const bucket = 'pots' as BucketName
export const neverAborted = new AbortController().signal

export const plain: ObjectAttributes = {
  headers: {},
  metadata: new Map(),
  storageClass: 'STANDARD',
  tags: [],
}

export function key(text: string): ObjectKey {
  return text as ObjectKey
}

export async function* streamOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

export interface BodyOptions {
  readonly size?: number | null
  readonly contentMd5?: Uint8Array
  readonly algorithm?: ChecksumAlgorithm
  readonly expected?: string
  readonly signal?: AbortSignal
  /** Size of the pieces the body arrives in. */
  readonly pieceSize?: number
}

export function bodyOf(content: string | Uint8Array, options: BodyOptions = {}): ObjectBody {
  const bytes = Buffer.from(content as Uint8Array)
  const { algorithm, pieceSize = 64 * 1024 } = options
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceSize)
    pieces.push(bytes.subarray(at, at + pieceSize))
  return {
    stream: streamOf(...pieces),
    size: options.size === undefined ? bytes.length : options.size,
    contentMd5: options.contentMd5 ?? null,
    checksum:
      algorithm === undefined ? null : { algorithm, expected: () => options.expected ?? null },
    signal: options.signal ?? neverAborted,
  }
}

export function put(
  store: ObjectStore,
  name: string,
  content: string | Uint8Array,
  more: Partial<PutObjectInput> = {},
) {
  return store.putObject({
    bucket,
    key: key(name),
    attributes: plain,
    body: bodyOf(content),
    conditions: {},
    ...more,
  })
}

export function open(store: ObjectStore, name: string, more: object = {}): Promise<ObjectReader> {
  return store.getObject({
    bucket,
    key: key(name),
    conditions: {},
    signal: neverAborted,
    ...more,
  })
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

export async function get(store: ObjectStore, name: string, more: object = {}): Promise<Buffer> {
  return bytesOf((await open(store, name, more)).body)
}

export function remove(store: ObjectStore, name: string, ifMatch?: string): Promise<Deleted> {
  const conditions = ifMatch === undefined ? {} : { ifMatch }
  return store.deleteObject({ bucket, key: key(name), conditions })
}

const TILE_SIZE = 64 * 1024
const tile = xorshift(TILE_SIZE)

/** Bytes that compress badly and differ by seed and by place. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size, tile)
  for (let at = 0; at < size; at += 4096) bytes[at] = (seed * 31 + (at >> 12)) & 0xff
  if (size > 4) bytes.writeUInt32LE((seed * 2654435761 + size) >>> 0, size - 4)
  return bytes
}

function xorshift(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = 2654435761
  for (let at = 0; at < size; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'succeeded'
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : String(error)
  }
}

export function copy(
  store: ObjectStore,
  source: string,
  target: string,
  more: Partial<CopyObjectInput> = {},
): Promise<CopiedObject> {
  return store.copyObject({
    source: { bucket, key: key(source), conditions: {} },
    bucket,
    key: key(target),
    headers: null,
    metadata: null,
    tags: null,
    storageClass: null,
    checksumAlgorithm: null,
    conditions: {},
    signal: neverAborted,
    ...more,
  })
}

export function list(store: ObjectStore, query: Partial<ListObjectsQuery> = {}) {
  const whole = { bucket, prefix: '', delimiter: '', after: '', limit: 1000 }
  return store.listObjects({ ...whole, ...query })
}

export async function keysOf(store: ObjectStore): Promise<readonly string[]> {
  return (await list(store)).objects.map((object) => object.key)
}

/** One upload as a client drives it. */
export class UploadClient {
  readonly store: ObjectStore
  readonly name: string
  readonly uploadId: string

  private constructor(store: ObjectStore, name: string, uploadId: string) {
    this.store = store
    this.name = name
    this.uploadId = uploadId
  }

  static async start(
    store: ObjectStore,
    name: string,
    more: Partial<CreateUploadInput> = {},
  ): Promise<UploadClient> {
    const input = { bucket, key: key(name), attributes: plain, checksum: null, ...more }
    return new UploadClient(store, name, (await store.createMultipartUpload(input)).uploadId)
  }

  part(partNumber: number, content: string | Uint8Array, body?: ObjectBody): Promise<PartInfo> {
    const { uploadId } = this
    return this.store.uploadPart({
      bucket,
      key: key(this.name),
      uploadId,
      partNumber,
      body: body ?? bodyOf(content),
    })
  }

  complete(
    parts: readonly (PartInfo | CompletedPart)[],
    more: Partial<CompleteUploadInput> = {},
  ): Promise<VersionInfo> {
    return this.store.completeMultipartUpload({
      bucket,
      key: key(this.name),
      uploadId: this.uploadId,
      parts: parts.map(({ partNumber, etag, checksum }) => ({ partNumber, etag, checksum })),
      checksum: null,
      checksumType: null,
      size: null,
      conditions: {},
      ...more,
    })
  }

  abort(): Promise<void> {
    return this.store.abortMultipartUpload(bucket, key(this.name), this.uploadId)
  }

  parts(afterPart = 0, limit = 1000) {
    const { uploadId } = this
    return this.store.listParts({ bucket, key: key(this.name), uploadId, afterPart, limit })
  }
}
