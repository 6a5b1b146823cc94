/** Objects, their older versions, the pages of their parts, and who shares a body. */
import { counterValue, type Entry } from '../../catalog/catalog.ts'
import type { BlobRef } from '../../engine/blob-store.ts'
import { storedSizeOf } from '../../store/rows/blob-ref-field.ts'
import {
  nameOfHistory,
  nameOfObject,
  partListPrefix,
  prefixRange,
  referenceKey,
  spaces,
  startOfPartList,
} from '../../store/rows/keys.ts'
import { decodeMarker, isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject, type ObjectFields } from '../../store/rows/object-row.ts'
import { type BodyPart, decodePartList, partSize } from '../../store/rows/part-list-row.ts'
import { decodeStack } from '../../store/rows/stack-row.ts'
import { tierCounters } from '../../store/usage.ts'
import { keyName, placeName, type RowContext } from './row-context.ts'

export function checkObjects(context: RowContext): void {
  new ObjectCheck(context).run()
}

class ObjectCheck {
  readonly #context: RowContext
  /** Versions marked shared, by body. */
  readonly #references = new Map<string, number>()
  readonly #partLists = new Set<string>()
  /** Older versions, by bucket id and name. */
  readonly #older = new Map<string, number>()

  constructor(context: RowContext) {
    this.#context = context
  }

  run(): void {
    const context = this.#context
    context.eachRow(spaces.object, (entry) => {
      const where = this.#path(entry.key, nameOfObject(entry.key))
      context.sums.objects += 1
      this.#checkVersion(where, entry, 'objects')
    })
    context.eachRow(spaces.history, (entry) => {
      const name = nameOfHistory(entry.key)
      const where = `${this.#path(entry.key, name)}, an older version`
      const stack = `${entry.key.readUInt32BE(1)} ${name.toString('latin1')}`
      this.#older.set(stack, (this.#older.get(stack) ?? 0) + 1)
      context.sums.olderVersions += 1
      if (!isMarker(entry.value)) this.#checkVersion(where, entry, 'olderVersions')
      else {
        decodeMarker(entry.value)
        context.count(entry.key.readUInt32BE(1), 'olderVersions', 1)
      }
    })
    this.#checkStacks()
    this.#checkReferences()
    for (const { key } of context.rows(spaces.partList)) {
      if (this.#partLists.has(key.toString('latin1'))) continue
      context.damage('row', keyName(key), 'a page of parts that no object names')
    }
  }

  #path(key: Buffer, name: Buffer): string {
    return `${this.#context.bucketName(key.readUInt32BE(1))}/${name.toString()}`
  }

  #checkVersion(where: string, { key, value }: Entry, counter: 'objects' | 'olderVersions'): void {
    const context = this.#context
    const bucketId = key.readUInt32BE(1)
    if (!context.buckets.has(bucketId)) context.damage('row', where, 'its bucket is not there')
    const object = decodeObject(value)
    context.sums.bytes += object.size
    context.count(bucketId, counter, 1)
    context.count(bucketId, 'bytes', object.size)
    context.count(bucketId, 'storedBytes', object.storedSize)
    if (object.tier !== 'hot') {
      const names = tierCounters[object.tier]
      context.count(bucketId, names.bytes, object.size)
      context.count(bucketId, names.storedBytes, object.storedSize)
    }
    this.#checkBody(where, object)
  }

  #checkBody(where: string, object: ObjectFields): void {
    const context = this.#context
    const refs = this.#refsOf(where, object)
    const size = refs.reduce((sum, ref) => sum + ref.size, 0)
    const stored = refs.reduce((sum, ref) => sum + storedSizeOf(ref), 0)
    if (size !== object.size) {
      context.damage('row', where, `its blobs hold ${size} bytes, not ${object.size}`)
    }
    if (stored !== object.storedSize) context.damage('row', where, `its stored size is ${stored}`)
    const body = placeName(object.bodyId)
    if (placeName(refs[0]?.blob ?? null) !== body) {
      context.damage('row', where, 'its body id is not its first blob')
    }
    if (object.bodyId === null) return
    const known = context.ownerOfBody(object.bodyId)
    if (object.isShared) this.#references.set(body, (this.#references.get(body) ?? 0) + 1)
    else if (known !== undefined) {
      const what = `its body is also that of ${known}, and it is not marked shared`
      context.damage('row', where, what)
    }
    if (known !== undefined) return
    for (const ref of refs) context.name(where, ref)
    context.nameBody(where, object.bodyId)
  }

  #refsOf(where: string, object: ObjectFields): BlobRef[] {
    const { body } = object
    if (body.kind === 'empty') return []
    if (body.kind === 'blob') return [body.ref]
    const parts = body.kind === 'parts' ? body.parts : this.#pagedParts(where, object)
    if (parts.length !== object.partCount) {
      const what = `has ${parts.length} parts, not ${object.partCount}`
      this.#context.damage('row', where, what)
    }
    return parts.flatMap(({ ref }) => (ref === null ? [] : [ref]))
  }

  #pagedParts(where: string, object: ObjectFields): readonly BodyPart[] {
    const context = this.#context
    const parts: BodyPart[] = []
    if (object.bodyId === null) {
      context.damage('row', where, 'its parts are on pages, and it has no body id')
      return parts
    }
    let start = 0
    for (const { key, value } of context.catalog.range(
      prefixRange(partListPrefix(object.bodyId)),
    )) {
      this.#partLists.add(key.toString('latin1'))
      context.decoding(key, () => {
        const page = decodePartList(value)
        const fits = startOfPartList(key) === start && page.firstIndex === parts.length
        if (!fits) context.damage('row', where, `a page of its parts is missing at ${start}`)
        parts.push(...page.parts)
        start += page.parts.reduce((sum, part) => sum + partSize(part), 0)
      })
    }
    return parts
  }

  /** A stack row says how many older versions its key has; none has none. */
  #checkStacks(): void {
    const context = this.#context
    context.eachRow(spaces.stack, ({ key, value }) => {
      const name = nameOfObject(key)
      const stack = `${key.readUInt32BE(1)} ${name.toString('latin1')}`
      const found = this.#older.get(stack) ?? 0
      this.#older.delete(stack)
      const { count } = decodeStack(value)
      if (count === found) return
      const what = `has ${found} older versions, and its stack says ${count}`
      context.damage('row', this.#path(key, name), what)
    })
    for (const stack of this.#older.keys()) {
      const split = stack.indexOf(' ')
      const name = Buffer.from(stack.slice(split + 1), 'latin1').toString()
      const where = `${context.bucketName(Number(stack.slice(0, split)))}/${name}`
      context.damage('row', where, 'has older versions, and no stack row')
    }
  }

  #checkReferences(): void {
    const context = this.#context
    for (const { key, value } of context.rows(spaces.reference)) {
      const body = placeName({ segment: key.readUInt32BE(1), offset: key.readUInt32BE(5) })
      const expected = this.#references.get(body) ?? 0
      if (counterValue(value) === expected) continue
      const what = `its counter is ${counterValue(value)}, and ${expected} objects share it`
      context.damage('counter', `body ${body}`, what)
    }
    for (const body of this.#references.keys()) {
      const [segment = 0, offset = 0] = body.split(':').map(Number)
      if (context.catalog.get(referenceKey({ segment, offset })) !== null) continue
      context.damage('counter', `body ${body}`, 'it is shared, and nothing counts by how many')
    }
  }
}
