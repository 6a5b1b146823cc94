/**
 * What must hold over all rows of the store at every moment when nothing is in flight. Throws with
 * every breach found.
 */
import { type Catalog, counterValue } from '../../src/catalog/catalog.ts'
import type { BlobRef } from '../../src/engine/blob-store.ts'
import type { Place } from '../../src/segment/types.ts'
import { storedSizeOf } from '../../src/store/rows/blob-ref-field.ts'
import { decodeBucketConfig } from '../../src/store/rows/bucket-config-row.ts'
import { decodeBucket, decodeNextBucket } from '../../src/store/rows/bucket-row.ts'
import { decodeGarbage } from '../../src/store/rows/garbage-row.ts'
import {
  bucketIdOfConfig,
  kindOfConfig,
  nameOfObject,
  partChangeKey,
  partListPrefix,
  prefixRange,
  referenceKey,
  spaceRange,
  spaces,
  startOfPartList,
  type UsageName,
  uploadIdOfUpload,
  usageNames,
} from '../../src/store/rows/keys.ts'
import { decodeObject, type ObjectFields } from '../../src/store/rows/object-row.ts'
import { type BodyPart, decodePartList, partSize } from '../../src/store/rows/part-list-row.ts'
import { decodePart } from '../../src/store/rows/part-row.ts'
import { decodeUpload } from '../../src/store/rows/upload-row.ts'

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
  readonly #bucketIds = new Set<number>()
  #objects = 0

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  run(): StoreAudit {
    this.#checkBuckets()
    this.#checkConfigs()
    this.#checkObjects()
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
      const { id } = decodeBucket(value)
      if (this.#bucketIds.has(id)) this.#breach(`bucket id ${id} is used twice`)
      this.#bucketIds.add(id)
      const next = decodeNextBucket(this.#catalog.get(Buffer.from([spaces.nextBucket])))
      if (id >= next) this.#breach(`bucket id ${id} would be handed out again`)
    }
  }

  #checkConfigs(): void {
    for (const { key, value } of this.#rows(spaces.bucketConfig)) {
      const id = bucketIdOfConfig(key)
      const kind = kindOfConfig(key)
      if (!this.#bucketIds.has(id)) this.#breach(`configuration of bucket ${id}, which is gone`)
      if (kind === null) this.#breach(`configuration of an unknown kind in bucket ${id}`)
      else decodeBucketConfig(kind, value)
    }
  }

  #checkObjects(): void {
    for (const { key, value } of this.#rows(spaces.object)) {
      const bucketId = key.readUInt32BE(1)
      const where = `object ${bucketId}/${nameOfObject(key).toString()}`
      if (!this.#bucketIds.has(bucketId)) this.#breach(`${where}: no such bucket`)
      const object = decodeObject(value)
      this.#objects += 1
      this.#count(bucketId, 'objects', 1)
      this.#count(bucketId, 'bytes', object.size)
      this.#count(bucketId, 'storedBytes', object.storedSize)
      this.#checkBody(where, object)
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
      if (!this.#bucketIds.has(bucketId) && isRemoved === null) {
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
    for (const { key, value } of this.#rows(spaces.garbage)) {
      const blob = `${key.readUInt32BE(5)}/${key.readUInt32BE(9)}`
      if (this.#named.has(blob)) this.#breach(`blob ${blob} is named and garbage`)
      garbage.set(`${key.readUInt32BE(1)}/${blob}`, decodeGarbage(value))
    }
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

function placeName(place: Place | null): string {
  return place === null ? 'none' : `${place.segment}/${place.offset}`
}
