/**
 * What must hold over all rows of the store at every moment when nothing is in flight. Throws with
 * every breach found.
 */
import { type Catalog, counterValue } from '../../src/catalog/catalog.ts'
import type { BlobRef } from '../../src/engine/blob-store.ts'
import type { Place } from '../../src/segment/types.ts'
import { versionOf } from '../../src/store/find-version.ts'
import { garbageTotals } from '../../src/store/garbage-total.ts'
import type { Versioning } from '../../src/store/object-store.ts'
import { storedSizeOf } from '../../src/store/rows/blob-ref-field.ts'
import { decodeBucketConfig } from '../../src/store/rows/bucket-config-row.ts'
import { decodeBucket, decodeNextBucket } from '../../src/store/rows/bucket-row.ts'
import { decodeGarbage } from '../../src/store/rows/garbage-row.ts'
import {
  bucketIdOfConfig,
  historyKey,
  kindOfConfig,
  nameOfHistory,
  nameOfObject,
  objectKey,
  partChangeKey,
  partListPrefix,
  prefixRange,
  referenceKey,
  spaceRange,
  spaces,
  stackKey,
  startOfPartList,
  type UsageName,
  uploadIdOfUpload,
  usageNames,
} from '../../src/store/rows/keys.ts'
import { isMarker } from '../../src/store/rows/marker-row.ts'
import { decodeObject, type ObjectFields } from '../../src/store/rows/object-row.ts'
import { type BodyPart, decodePartList, partSize } from '../../src/store/rows/part-list-row.ts'
import { decodePart } from '../../src/store/rows/part-row.ts'
import { decodeStack, type StackFields } from '../../src/store/rows/stack-row.ts'
import { decodeUpload } from '../../src/store/rows/upload-row.ts'
import { type StoredVersion, unversioned } from '../../src/store/rows/version-field.ts'
import { tierCounters } from '../../src/store/usage.ts'

export interface StoreAudit {
  /** Blobs that object and part rows name, by "segment/offset". */
  readonly named: ReadonlyMap<string, BlobRef>
  /** Garbage rows: stored bytes by "segment/blob segment/blob offset". */
  readonly garbage: ReadonlyMap<string, number>
  readonly objects: number
}

/** @throws Error that lists every breach */
export function checkInvariants(catalog: Catalog): StoreAudit {
  return new Audit(catalog).run()
}

class Audit {
  readonly #catalog: Catalog
  readonly #breaches: string[] = []
  readonly #named = new Map<string, BlobRef>()
  readonly #usage = new Map<string, number>()
  readonly #references = new Map<string, number>()
  readonly #bodies = new Map<string, number>()
  readonly #partLists = new Set<string>()
  readonly #buckets = new Map<number, Versioning>()
  #objects = 0

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  run(): StoreAudit {
    this.#checkBuckets()
    this.#checkConfigs()
    this.#checkObjects()
    this.#checkHistory()
    this.#checkUploads()
    this.#checkCounters()
    this.#checkReferences()
    this.#checkPartLists()
    const garbage = this.#checkGarbage()
    if (this.#breaches.length > 0) throw new Error(this.#breaches.join('\n'))
    return { named: this.#named, garbage, objects: this.#objects }
  }

  #checkBuckets(): void {
    for (const { value } of this.#rows(spaces.bucket)) {
      const { id, versioning } = decodeBucket(value)
      if (this.#buckets.has(id)) this.#breach(`bucket id ${id} is used twice`)
      this.#buckets.set(id, versioning)
      const next = decodeNextBucket(this.#catalog.get(Buffer.from([spaces.nextBucket])))
      if (id >= next) this.#breach(`bucket id ${id} would be handed out again`)
    }
  }

  #checkConfigs(): void {
    for (const { key, value } of this.#rows(spaces.bucketConfig)) {
      const id = bucketIdOfConfig(key)
      const kind = kindOfConfig(key)
      if (!this.#buckets.has(id)) this.#breach(`configuration of bucket ${id}, which is gone`)
      if (kind === null) this.#breach(`configuration of an unknown kind in bucket ${id}`)
      else decodeBucketConfig(kind, value)
    }
  }

  #checkObjects(): void {
    for (const { key, value } of this.#rows(spaces.object)) {
      const bucketId = key.readUInt32BE(1)
      const where = `object ${bucketId}/${nameOfObject(key).toString()}`
      if (!this.#buckets.has(bucketId)) this.#breach(`${where}: no such bucket`)
      const object = decodeObject(value)
      if (this.#buckets.get(bucketId) === 'unversioned' && object.version !== unversioned) {
        this.#breach(`${where}: has a version in a bucket without`)
      }
      this.#objects += 1
      this.#count(bucketId, 'objects', 1)
      this.#checkVersion(bucketId, where, object)
    }
  }

  #checkVersion(bucketId: number, where: string, object: ObjectFields): void {
    this.#count(bucketId, 'bytes', object.size)
    this.#count(bucketId, 'storedBytes', object.storedSize)
    if (object.tier !== 'hot') {
      const names = tierCounters[object.tier]
      this.#count(bucketId, names.bytes, object.size)
      this.#count(bucketId, names.storedBytes, object.storedSize)
    }
    this.#checkBody(where, object)
  }

  /** Older versions and markers, and the stack rows that say what of a name there is. */
  #checkHistory(): void {
    const stacks = new Map<string, VersionRow[]>()
    for (const { key, value } of this.#rows(spaces.history)) {
      const bucketId = key.readUInt32BE(1)
      const name = nameOfHistory(key)
      const where = `version of ${bucketId}/${name}`
      if ((this.#buckets.get(bucketId) ?? 'unversioned') === 'unversioned') {
        this.#breach(`${where}: in a bucket without versions`)
      }
      const version = versionOf(value)
      if (!key.equals(historyKey(bucketId, name, version.id))) this.#breach(`${where}: place`)
      this.#count(bucketId, 'olderVersions', 1)
      if (!isMarker(value)) this.#checkVersion(bucketId, where, decodeObject(value))
      const stack = stackKey(bucketId, name.toString()).toString('latin1')
      stacks.set(stack, [...(stacks.get(stack) ?? []), { ...version, isMarker: isMarker(value) }])
    }
    const known = new Set<string>()
    for (const { key, value } of this.#rows(spaces.stack)) {
      known.add(key.toString('latin1'))
      this.#checkStack(key, decodeStack(value), stacks.get(key.toString('latin1')) ?? [])
    }
    for (const key of stacks.keys()) if (!known.has(key)) this.#breach(`${key}: no stack row`)
  }

  #checkStack(key: Buffer, stack: StackFields, rows: readonly VersionRow[]): void {
    const where = `stack ${key.readUInt32BE(1)}/${key.subarray(5)}`
    const objectRow = this.#catalog.get(objectKey(key.readUInt32BE(1), key.subarray(5)))
    const current = objectRow === null ? null : decodeObject(objectRow).version
    if (stack.count === 0 || stack.count !== rows.length) {
      this.#breach(`${where}: counts ${stack.count} of ${rows.length}`)
    }
    const newest = rows[0]
    if (current === null && newest?.isMarker !== true) this.#breach(`${where}: nothing is current`)
    const marker = current === null ? (newest?.id ?? null) : null
    if (!isSameId(stack.markerId, marker)) this.#breach(`${where}: marker`)
    const nulls = rows.filter(({ isNull }) => isNull)
    if (!isSameId(stack.nullId, nulls[0]?.id ?? null)) this.#breach(`${where}: null version`)
    if (nulls.length + Number(current?.isNull === true) > 1) this.#breach(`${where}: null versions`)
    if (current !== null && newest !== undefined && Buffer.compare(current.id, newest.id) <= 0) {
      this.#breach(`${where}: current is not the newest`)
    }
  }

  #checkBody(where: string, object: ObjectFields): void {
    const refs = this.#refsOf(where, object)
    const size = refs.reduce((sum, ref) => sum + ref.size, 0)
    const stored = refs.reduce((sum, ref) => sum + storedSizeOf(ref), 0)
    if (size !== object.size) this.#breach(`${where}: blobs hold ${size}, not ${object.size}`)
    if (stored !== object.storedSize) this.#breach(`${where}: stored size is ${stored}`)
    const first = refs[0]?.blob ?? null
    if (placeName(first) !== placeName(object.bodyId)) this.#breach(`${where}: body id`)
    if (object.bodyId === null) return
    const body = placeName(object.bodyId)
    const seen = this.#bodies.get(body) ?? 0
    this.#bodies.set(body, seen + 1)
    if (object.isShared) this.#references.set(body, (this.#references.get(body) ?? 0) + 1)
    else if (seen > 0) this.#breach(`${where}: not marked shared, yet ${body} has another name`)
    if (seen === 0) for (const ref of refs) this.#name(where, ref)
  }

  #refsOf(where: string, object: ObjectFields): BlobRef[] {
    const { body } = object
    if (body.kind === 'empty') return []
    if (body.kind === 'blob') return [body.ref]
    const parts = body.kind === 'parts' ? body.parts : this.#pagedParts(where, object)
    if (parts.length !== object.partCount) this.#breach(`${where}: has ${parts.length} parts`)
    return parts.flatMap(({ ref }) => (ref === null ? [] : [ref]))
  }

  #pagedParts(where: string, object: ObjectFields): readonly BodyPart[] {
    if (object.bodyId === null) {
      this.#breach(`${where}: part list without a body id`)
      return []
    }
    const parts: BodyPart[] = []
    let start = 0
    const pages = this.#catalog.range(prefixRange(partListPrefix(object.bodyId)))
    for (const { key, value } of pages) {
      this.#partLists.add(key.toString('hex'))
      const page = decodePartList(value)
      if (startOfPartList(key) !== start) this.#breach(`${where}: page starts at ${start}`)
      if (page.firstIndex !== parts.length) this.#breach(`${where}: page index`)
      parts.push(...page.parts)
      start += page.parts.reduce((sum, part) => sum + partSize(part), 0)
    }
    return parts
  }

  #checkUploads(): void {
    const uploads = new Map<string, number>()
    for (const { key, value } of this.#rows(spaces.upload)) {
      const bucketId = key.readUInt32BE(1)
      const isRemoved = this.#catalog.get(Buffer.concat([Buffer.from('d'), key.subarray(1, 5)]))
      if (!this.#buckets.has(bucketId) && isRemoved === null) {
        this.#breach(`upload in bucket ${bucketId}, which is gone`)
      }
      decodeUpload(value)
      uploads.set(uploadIdOfUpload(key).toString('hex'), bucketId)
      this.#count(bucketId, 'uploads', 1)
    }
    const parts = new Map<string, number>()
    for (const { key, value } of this.#rows(spaces.part)) {
      const id = key.toString('hex', 1, 17)
      const bucketId = uploads.get(id)
      if (bucketId === undefined) this.#breach(`part of upload ${id}, which is gone`)
      const { ref } = decodePart(value)
      if (ref !== null) this.#name(`part of ${id}`, ref)
      if (bucketId !== undefined) this.#count(bucketId, 'partBytes', ref?.size ?? 0)
      parts.set(id, (parts.get(id) ?? 0) + 1)
    }
    for (const { key, value } of this.#rows(spaces.partChange)) {
      const id = key.toString('hex', 1)
      if (!uploads.has(id)) this.#breach(`part counter of upload ${id}, which is gone`)
      if (counterValue(value) < (parts.get(id) ?? 0)) this.#breach(`part counter of ${id}`)
    }
    for (const id of parts.keys()) {
      const counter = this.#catalog.get(partChangeKey(Buffer.from(id, 'hex')))
      if (counter === null) this.#breach(`upload ${id} has parts and no counter`)
    }
  }

  #checkCounters(): void {
    const names = new Map(Object.entries(usageNames).map(([name, byte]) => [byte as number, name]))
    const stored = new Map<string, number>()
    for (const { key, value } of this.#rows(spaces.counter)) {
      stored.set(`${key.readUInt32BE(1)} ${names.get(key[5]!)}`, counterValue(value))
    }
    for (const name of new Set([...stored.keys(), ...this.#usage.keys()])) {
      const [counted, sum] = [stored.get(name) ?? 0, this.#usage.get(name) ?? 0]
      if (counted !== sum) this.#breach(`usage ${name}: counter ${counted}, sum ${sum}`)
    }
  }

  /** A reference row counts the rows marked shared; no other body has one. */
  #checkReferences(): void {
    for (const { key, value } of this.#rows(spaces.reference)) {
      const body = `${key.readUInt32BE(1)}/${key.readUInt32BE(5)}`
      const expected = this.#references.get(body) ?? 0
      if (counterValue(value) !== expected) {
        this.#breach(`body ${body}: counter ${counterValue(value)}, names ${expected}`)
      }
    }
    for (const body of this.#references.keys()) {
      const [segment, offset] = body.split('/').map(Number)
      const key = referenceKey({ segment: segment!, offset: offset! })
      if (this.#catalog.get(key) === null) this.#breach(`body ${body}: shared and not counted`)
    }
  }

  #checkPartLists(): void {
    for (const { key } of this.#rows(spaces.partList)) {
      if (!this.#partLists.has(key.toString('hex'))) this.#breach('part list page of no object')
    }
  }

  #checkGarbage(): ReadonlyMap<string, number> {
    const garbage = new Map<string, number>()
    const totals = new Map<number, number>()
    for (const { key, value } of this.#rows(spaces.garbage)) {
      const blob = `${key.readUInt32BE(5)}/${key.readUInt32BE(9)}`
      if (this.#named.has(blob)) this.#breach(`blob ${blob} is named and garbage`)
      garbage.set(`${key.readUInt32BE(1)}/${blob}`, decodeGarbage(value))
      const segment = key.readUInt32BE(1)
      totals.set(segment, (totals.get(segment) ?? 0) + decodeGarbage(value))
    }
    for (const { segment, storedSize } of garbageTotals(this.#catalog)) {
      if (totals.get(segment) !== storedSize) {
        this.#breach(`garbage of ${segment}: total ${storedSize}, rows ${totals.get(segment)}`)
      }
      totals.delete(segment)
    }
    for (const segment of totals.keys()) this.#breach(`garbage of ${segment} has no total`)
    return garbage
  }

  #name(where: string, ref: BlobRef): void {
    const blob = placeName(ref.blob)
    if (this.#named.has(blob)) this.#breach(`${where}: blob ${blob} is named twice`)
    this.#named.set(blob, ref)
  }

  #count(bucketId: number, name: UsageName, amount: number): void {
    const counter = `${bucketId} ${name}`
    this.#usage.set(counter, (this.#usage.get(counter) ?? 0) + amount)
  }

  #rows(space: number) {
    return this.#catalog.range(spaceRange(space))
  }

  #breach(text: string): void {
    this.#breaches.push(text)
  }
}

interface VersionRow extends StoredVersion {
  readonly isMarker: boolean
}

function isSameId(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other)
}

function placeName(place: Place | null): string {
  return place === null ? 'none' : `${place.segment}/${place.offset}`
}
