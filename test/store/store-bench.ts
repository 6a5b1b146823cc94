/** A store to test, and short words for what tests ask of it. */
import { createHash } from 'node:crypto'
import type { BucketName } from '../../src/model/bucket-name.ts'
import type { ChecksumAlgorithm } from '../../src/model/checksum.ts'
import type { ObjectKey } from '../../src/model/object-key.ts'
import type {
  ObjectAttributes,
  ObjectBody,
  ObjectReader,
  ObjectStore,
  PutObjectInput,
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

export function remove(store: ObjectStore, name: string, ifMatch?: string): Promise<void> {
  const conditions = ifMatch === undefined ? {} : { ifMatch }
  return store.deleteObject({ bucket, key: key(name), conditions })
}

/** Bytes that compress badly and differ by seed. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  let state = (seed * 2654435761) >>> 0 || 1
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
