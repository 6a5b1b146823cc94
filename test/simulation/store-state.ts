import type { BucketName } from '../../src/model/bucket-name.ts'
import type { VersionId } from '../../src/model/version-id.ts'
import type {
  BucketUsage,
  ObjectHead,
  ObjectStore,
  Tags,
  VersionName,
} from '../../src/store/object-store.ts'

/** Everything a client can see of a store. */
export type StoreState = ReadonlyMap<string, BucketState>

export interface BucketState {
  readonly createdAt: number
  readonly usage: BucketUsage
  readonly objects: ReadonlyMap<string, FoundObject>
  /** By key, newest first; none in a bucket without versioning. */
  readonly versions: ReadonlyMap<string, readonly FoundVersion[]>
  /** By upload id. */
  readonly uploads: ReadonlyMap<string, FoundUpload>
}

export interface FoundObject {
  readonly content: Buffer
  readonly head: Omit<ObjectHead, 'range' | 'isPartial'>
  readonly tags: Tags
}

export interface FoundVersion {
  readonly id: VersionId
  readonly isLatest: boolean
  /** Null: a delete marker. */
  readonly object: FoundObject | null
}

export interface FoundUpload {
  readonly key: string
  readonly initiatedAt: number
  readonly parts: ReadonlyMap<number, FoundPart>
}

export interface FoundPart {
  readonly size: number
  readonly etag: string
  readonly lastModified: number
}

/** What answers for an object that cannot be read; null lets the error through. */
export type OnUnreadable = (error: unknown, bucket: string, key: string) => void

const never = new AbortController().signal
/** Small, so that paging is part of every look. */
const PAGE_SIZE = 7

/** Reads a store whole, through the contract that clients use. */
export async function readState(
  store: ObjectStore,
  onUnreadable: OnUnreadable | null = null,
): Promise<StoreState> {
  const { buckets } = await store.listBuckets({ prefix: '', after: '', limit: 1000 })
  const state = new Map<string, BucketState>()
  for (const { name, createdAt, versioning } of buckets) {
    const isVersioned = versioning !== 'unversioned'
    state.set(name, {
      createdAt,
      usage: await store.usage(name),
      objects: await readObjects(store, name, onUnreadable),
      versions: isVersioned ? await readVersions(store, name, onUnreadable) : new Map(),
      uploads: await readUploads(store, name),
    })
  }
  return state
}

async function readObjects(
  store: ObjectStore,
  bucket: BucketName,
  onUnreadable: OnUnreadable | null,
): Promise<Map<string, FoundObject>> {
  const objects = new Map<string, FoundObject>()
  const query = { bucket, prefix: '', delimiter: '', limit: PAGE_SIZE }
  for (let after = ''; ; ) {
    const page = await store.listObjects({ ...query, after })
    for (const listed of page.objects) {
      try {
        const found = await readObject(store, { bucket, key: listed.key })
        const { key, size, etag, lastModified, storageClass } = listed
        const { head } = found
        const differs = head.etag !== etag || head.size !== size || head.key !== key
        if (differs || head.lastModified !== lastModified || head.storageClass !== storageClass) {
          throw new Error(`listing and object differ: ${bucket}/${key}`)
        }
        objects.set(key, found)
      } catch (error) {
        if (onUnreadable === null) throw error
        onUnreadable(error, bucket, listed.key)
      }
    }
    if (!page.isTruncated || page.last === null) return objects
    after = page.last
  }
}

async function readVersions(
  store: ObjectStore,
  bucket: BucketName,
  onUnreadable: OnUnreadable | null,
): Promise<Map<string, FoundVersion[]>> {
  const versions = new Map<string, FoundVersion[]>()
  const query = { bucket, prefix: '', delimiter: '', limit: PAGE_SIZE }
  let [afterKey, afterVersion]: [string, VersionId | null] = ['', null]
  for (;;) {
    const page = await store.listObjectVersions({ ...query, afterKey, afterVersion })
    for (const { key, kind, versionId: id, isLatest } of page.versions) {
      try {
        const isObject = kind === 'object'
        const object = isObject ? await readObject(store, { bucket, key, version: id }) : null
        versions.set(key, [...(versions.get(key) ?? []), { id, isLatest, object }])
      } catch (error) {
        if (onUnreadable === null) throw error
        onUnreadable(error, bucket, key)
      }
    }
    if (!page.isTruncated || page.lastKey === null) return versions
    afterKey = page.lastKey
    afterVersion = page.lastVersion
  }
}

async function readObject(store: ObjectStore, name: VersionName): Promise<FoundObject> {
  const reader = await store.getObject({ ...name, conditions: {}, signal: never })
  const { body, range: _, isPartial: __, ...head } = reader
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  const content = pieces.length === 1 ? Buffer.from(pieces[0] ?? []) : Buffer.concat(pieces)
  return { content, head, tags: head.attributes.tags }
}

async function readUploads(
  store: ObjectStore,
  bucket: BucketName,
): Promise<Map<string, FoundUpload>> {
  const page = await store.listMultipartUploads({
    bucket,
    prefix: '',
    delimiter: '',
    afterKey: '',
    afterUploadId: '',
    limit: 1000,
  })
  const uploads = new Map<string, FoundUpload>()
  for (const { key, uploadId, initiatedAt } of page.uploads) {
    const { parts } = await store.listParts({ bucket, key, uploadId, afterPart: 0, limit: 1000 })
    const found = parts.map(
      ({ partNumber, size, etag, lastModified }) =>
        [partNumber, { size, etag, lastModified }] as const,
    )
    uploads.set(uploadId, { key, initiatedAt, parts: new Map(found) })
  }
  return uploads
}

/** Where two states differ, in words; null when they do not. */
export function difference(one: StoreState, other: StoreState): string | null {
  const [first, second] = [describe(one), describe(other)]
  for (const [index, line] of first.entries()) {
    if (line !== second[index]) return `${line}\n  became ${second[index] ?? 'nothing'}`
  }
  return first.length === second.length ? null : `appeared: ${second[first.length]}`
}

/** One line for each thing there is. */
function describe(state: StoreState): string[] {
  const lines: string[] = []
  for (const [bucket, { createdAt, usage, objects, versions, uploads }] of state) {
    lines.push(`${bucket} ${createdAt} ${JSON.stringify(usage)}`)
    for (const [key, { content, head, tags }] of objects) {
      const metadata = [...head.attributes.metadata]
      const bytes = content.toString('latin1')
      lines.push(`${bucket}/${key} ${JSON.stringify([{ ...head, metadata }, tags])} ${bytes}`)
    }
    for (const [key, stack] of versions) {
      for (const { id, isLatest, object } of stack) {
        const bytes = object?.content.toString('latin1')
        lines.push(`${bucket}/${key} ${id} ${isLatest} ${JSON.stringify(object?.tags)} ${bytes}`)
      }
    }
    for (const [id, { parts, ...upload }] of uploads) {
      lines.push(`${bucket} ${id} ${JSON.stringify([upload, [...parts]])}`)
    }
  }
  return lines
}
