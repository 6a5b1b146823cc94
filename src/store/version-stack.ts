/**
 * The versions of one key, as one change sees and moves them. The current object lies in a space of
 * its own; older versions and delete markers, even current ones, lie in another, so that a listing
 * of what there is meets neither.
 *
 * Invariant: whatever changes the set of a key's versions changes its current row or its stack row,
 * both of which every change reads. So of two changes at the same time one is asked again.
 */
import type { ObjectKey } from '../model/object-key.ts'
import type { VersionId } from '../model/version-id.ts'
import type { Change } from './change.ts'
import { dropObject } from './drop-object.ts'
import { StoreError } from './errors.ts'
import { isVersion, olderVersion, stackOf, type VersionRow, versionOf } from './find-version.ts'
import type { Deleted } from './object-store.ts'
import type { BucketFields } from './rows/bucket-row.ts'
import { historyKey, historyPosition, objectKey, prefixRange, stackKey } from './rows/keys.ts'
import { encodeMarker, isMarker } from './rows/marker-row.ts'
import { encodeStack, type StackFields } from './rows/stack-row.ts'
import { type StoredVersion, unversioned } from './rows/version-field.ts'
import type { StoreContext } from './store-context.ts'
import { addUsage, subtractVersion } from './usage.ts'
import { makeVersion, versionIdText } from './version-ids.ts'

export interface StackPlace {
  readonly bucket: BucketFields
  readonly key: ObjectKey
}

export interface Room extends StackPlace {
  /** The row of the current object, as the change read it. */
  readonly before: Buffer | null
}

/**
 * Makes room for a new current version: what was current goes, or moves among the older ones.
 * Answers with what the new one is; its row and its usage are the caller's.
 */
export function makeRoom(change: Change, context: StoreContext, place: Room): StoredVersion {
  const { bucket, before } = place
  if (bucket.versioning !== 'unversioned') return new VersionStack(change, context, place).push()
  if (before !== null) dropObject(change, context, { bucketId: bucket.id, row: before })
  return unversioned
}

/** Of a key in a bucket whose versioning was set. One call that changes, in one change. */
export class VersionStack {
  readonly #change: Change
  readonly #context: StoreContext
  readonly #bucket: BucketFields
  readonly #key: ObjectKey
  readonly #name: Buffer
  readonly #currentKey: Buffer
  #current: Buffer | null
  #older: StackFields

  constructor(change: Change, context: StoreContext, { bucket, key }: StackPlace) {
    this.#change = change
    this.#context = context
    this.#bucket = bucket
    this.#key = key
    this.#name = Buffer.from(key)
    this.#currentKey = objectKey(bucket.id, key)
    this.#current = change.read(this.#currentKey)
    this.#older = stackOf((row) => change.read(row), bucket, key)
  }

  /** The row of the current object; null when there is none, or a delete marker is current. */
  get current(): Buffer | null {
    return this.#current
  }

  /** Key of the row that a new current version replaces; null when it replaces none. */
  get replacedKey(): Buffer | null {
    if (this.#bucket.versioning !== 'suspended') return null
    if (this.#current !== null && versionOf(this.#current).isNull) return this.#currentKey
    const { nullId } = this.#older
    return nullId === null ? null : this.#historyKey(nullId)
  }

  /**
   * Makes room for a new current version. Unless `keepsBody`, the body of what is replaced is let
   * go of; with it the new version takes it over.
   */
  push({ keepsBody = false } = {}): StoredVersion {
    const version = this.#nextVersion()
    if (version.isNull) this.#dropNull(keepsBody)
    if (this.#current !== null) this.#bury(this.#current)
    this.#older = { ...this.#older, markerId: null }
    this.#writeStack()
    return version
  }

  /** The current row is another one from here on, which is what `push` will move. */
  replaceCurrent(row: Buffer): void {
    this.#current = row
  }

  /** Makes a delete marker current. */
  pushMarker(): Deleted {
    const version = this.#nextVersion()
    const hadCurrent = this.#current !== null
    if (version.isNull) this.#dropNull(false)
    if (this.#current !== null) this.#bury(this.#current)
    if (hadCurrent) this.#change.delete(this.#currentKey)
    const modifiedAt = this.#context.clock.now()
    this.#change.put(this.#historyKey(version.id), encodeMarker({ version, modifiedAt }))
    addUsage(this.#change, this.#bucket.id, { olderVersions: 1 })
    this.#countOlder(version, 1)
    this.#older = { ...this.#older, markerId: version.id }
    this.#writeStack()
    return { versionId: versionIdText(version), isDeleteMarker: true }
  }

  /** The row of a version, a marker's too; null when there is none. */
  find(version: VersionId): VersionRow | null {
    if (this.#current !== null && isVersion(this.#current, version)) {
      return { key: this.#currentKey, row: this.#current }
    }
    return olderVersion((key) => this.#change.read(key), this.#bucket, { key: this.#key, version })
  }

  /** Removes a version that was found. If it was current, the newest of the others becomes so. */
  remove({ key, row }: VersionRow): void {
    if (key.equals(this.#currentKey)) {
      dropObject(this.#change, this.#context, { bucketId: this.#bucket.id, row })
      this.#promote(null)
    } else {
      const isCurrent = this.#older.markerId?.equals(versionOf(row).id) === true
      this.#dropOlder({ key, row }, false)
      if (isCurrent) this.#promote(key)
    }
    this.#writeStack()
  }

  #nextVersion(): StoredVersion {
    const { catalog, random } = this.#context
    return makeVersion({
      newest: this.#current === null ? this.#older.markerId : versionOf(this.#current).id,
      sequence: catalog.sequence,
      isNull: this.#bucket.versioning === 'suspended',
      random,
    })
  }

  /** There is at most one null version: a new one replaces it, wherever it lies. */
  #dropNull(keepsBody: boolean): void {
    const { nullId } = this.#older
    if (this.#current !== null && versionOf(this.#current).isNull) {
      this.#letGo(this.#current, 'objects', keepsBody)
      this.#current = null
    } else if (nullId !== null) {
      const key = this.#historyKey(nullId)
      const row = this.#change.read(key)
      if (row === null) throw new StoreError('corruption', 'version stack row: null version')
      this.#dropOlder({ key, row }, keepsBody)
    }
  }

  #dropOlder({ key, row }: VersionRow, keepsBody: boolean): void {
    this.#change.delete(key)
    if (isMarker(row)) addUsage(this.#change, this.#bucket.id, { olderVersions: -1 })
    else this.#letGo(row, 'olderVersions', keepsBody)
    this.#countOlder(versionOf(row), -1)
  }

  #letGo(row: Buffer, counter: 'objects' | 'olderVersions', keepsBody: boolean): void {
    const bucketId = this.#bucket.id
    if (keepsBody) subtractVersion(this.#change, bucketId, { row, counter })
    else dropObject(this.#change, this.#context, { bucketId, row, counter })
  }

  /** Moves the current object among the older versions. */
  #bury(row: Buffer): void {
    const version = versionOf(row)
    this.#change.put(this.#historyKey(version.id), row)
    addUsage(this.#change, this.#bucket.id, { objects: -1, olderVersions: 1 })
    this.#countOlder(version, 1)
  }

  /** Makes the newest of the older versions current, if any is left. */
  #promote(removedKey: Buffer | null): void {
    const next = this.#older.count === 0 ? null : this.#newestOlder(removedKey)
    if (next === null || isMarker(next.row)) {
      if (this.#current !== null) this.#change.delete(this.#currentKey)
      this.#older = { ...this.#older, markerId: next === null ? null : versionOf(next.row).id }
      return
    }
    this.#change.put(this.#currentKey, next.row)
    this.#change.delete(next.key)
    addUsage(this.#change, this.#bucket.id, { objects: 1, olderVersions: -1 })
    this.#countOlder(versionOf(next.row), -1)
    this.#older = { ...this.#older, markerId: null }
  }

  #newestOlder(removedKey: Buffer | null): VersionRow {
    // The rows of older versions come and go with the stack row, so all of them are durable now.
    this.#change.requireSettled()
    const range = prefixRange(historyPosition(this.#bucket.id, this.#name))
    for (const { key } of this.#context.catalog.range(range)) {
      if (removedKey?.equals(key) === true) continue
      const row = this.#change.read(key)
      if (row !== null) return { key, row }
    }
    throw new StoreError('corruption', 'version stack row: count')
  }

  #historyKey(id: Buffer): Buffer {
    return historyKey(this.#bucket.id, this.#name, id)
  }

  #countOlder({ id, isNull }: StoredVersion, delta: 1 | -1): void {
    const { count, nullId, markerId } = this.#older
    const newNullId = isNull ? (delta === 1 ? id : null) : nullId
    this.#older = { count: count + delta, nullId: newNullId, markerId }
  }

  #writeStack(): void {
    const key = stackKey(this.#bucket.id, this.#key)
    const before = this.#change.read(key)
    if (this.#older.count > 0) {
      const row = encodeStack(this.#older)
      if (before?.equals(row) !== true) this.#change.put(key, row)
    } else if (before !== null) this.#change.delete(key)
  }
}
