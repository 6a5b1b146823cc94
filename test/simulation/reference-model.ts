import type { Checksum } from '../../src/model/checksum.ts'
import type { StorageClass } from '../../src/model/storage-class.ts'
import type { VersionId } from '../../src/model/version-id.ts'
import type { StoreErrorKind } from '../../src/store/errors.ts'
import { Cell } from './cell.ts'
import {
  completedValue,
  copiedValue,
  type ObjectValue,
  type PartValue,
  partOf,
  partValue,
  putValue,
} from './object-value.ts'
import { isSameObject } from './same-object.ts'
import type { Address, MoveObjectStep, Step } from './step.ts'
import type { StoreState } from './store-state.ts'
import { VERSIONED, VersionRecords } from './version-records.ts'

export interface UploadRecord {
  readonly upload: number
  readonly bucket: string
  readonly key: string
  readonly mark: string
  readonly storageClass: StorageClass
  /** Null until the store has told it. */
  uploadId: string | null
  readonly state: Cell<boolean>
  readonly parts: Map<number, Cell<PartValue | null>>
}

/** A step under way, and what it would change. */
export interface Ticket {
  readonly step: Step
  readonly isAlone: boolean
  /** What an answer must be when nothing else touches the same things; undefined: cannot say. */
  readonly expected: StoreErrorKind | 'success' | undefined
  readonly writes: readonly Write[]
}

/** What a step writes to one cell, type of value erased. */
interface Write {
  acknowledge(answer: Answer): void
  refuse(): void
  fail(): void
}

export interface Completing {
  readonly record: UploadRecord
  /** What the object is if the Complete happens. */
  readonly values: readonly ObjectValue[]
  /** What it is if not. */
  readonly before: readonly (ObjectValue | null)[]
}

/** How one write ended; `failed`: nobody knows. */
export type Ending = 'acknowledged' | 'refused' | 'failed'

/** What an acknowledged step told. */
export interface Answer {
  readonly etag?: string
  readonly lastModified?: number
  readonly checksum?: Checksum | null
  readonly uploadId?: string
  readonly versionId?: VersionId | null
  /** False: it was in the way of another, and did nothing. */
  readonly isDone?: boolean
}

/** S3 in maps: what every acknowledged step made of buckets, objects and uploads. */
export class ReferenceModel {
  readonly buckets = new Map<string, Cell<boolean>>()
  /** By bucket, then key. */
  readonly objects = new Map<string, Map<string, Cell<ObjectValue | null>>>()
  readonly versions = new VersionRecords()
  readonly uploads = new Map<number, UploadRecord>()
  /** Grows with every change of what may be found. */
  version = 0
  /** With what the object may have been before. */
  readonly #completing = new Map<Ticket, readonly (ObjectValue | null)[]>()

  begin(step: Step, isAlone: boolean): Ticket {
    const expected = isAlone ? this.#expected(step) : undefined
    this.version++
    const completed = step.kind === 'complete' ? this.upload(step.upload) : null
    const before = completed === null ? [] : this.object(completed).possible
    const isReplacing = completed !== null && completed.bucket !== VERSIONED
    const ticket = { step, isAlone, expected, writes: this.#writes(step) }
    if (isReplacing && isAlone && ticket.writes.length > 0) {
      this.#completing.set(ticket, before)
    }
    return ticket
  }

  /** Ends every write of a step alike, or with a list of endings each as it went. */
  end(ticket: Ticket, endings: Ending | readonly Ending[], answer: Answer = {}): void {
    this.version++
    const { step, writes } = ticket
    for (const [index, write] of writes.entries()) {
      const ending = typeof endings === 'string' ? endings : endings[index]
      if (ending === 'acknowledged') write.acknowledge(answer)
      else if (ending === 'refused') write.refuse()
      else write.fail()
    }
    if (endings !== 'failed') this.#completing.delete(ticket)
    if (step.kind !== 'create-upload' || answer.uploadId === undefined) return
    this.upload(step.upload).uploadId = answer.uploadId
  }

  /** Completes that happen wholly or not at all: the upload goes as the object comes. */
  get completing(): readonly Completing[] {
    return [...this.#completing].flatMap(([{ step }, before]) => {
      if (step.kind !== 'complete') return []
      const record = this.upload(step.upload)
      return [{ record, before, values: this.#completed(record, step.partNumbers) }]
    })
  }

  /** A write that began after all failures so far was acknowledged: they are decided now. */
  fence(): void {
    this.version++
    this.#completing.clear()
    for (const cell of this.cells()) cell.fence()
  }

  /** What a reader saw while nothing was being written stays, unless a failure is undecided. */
  observe(state: StoreState): void {
    this.version++
    for (const [name, cell] of this.buckets) cell.observe((is) => is === state.has(name))
    for (const [bucket, cells] of this.objects) {
      for (const [key, cell] of cells) {
        const found = state.get(bucket)?.objects.get(key) ?? null
        cell.observe((value) => isSameObject(found, value))
      }
    }
    this.versions.observe(state)
    for (const { bucket, uploadId, state: isOpen, parts } of this.uploads.values()) {
      if (uploadId === null) continue
      const upload = state.get(bucket)?.uploads.get(uploadId)
      isOpen.observe((is) => is === (upload !== undefined))
      for (const [number, cell] of parts) {
        const etag = upload?.parts.get(number)?.etag
        if (upload !== undefined) cell.observe((value) => value?.etag === etag)
      }
    }
  }

  *cells(): Iterable<{ fence(): void }> {
    yield* this.buckets.values()
    yield* this.versions.cells()
    for (const objects of this.objects.values()) yield* objects.values()
    for (const { state, parts } of this.uploads.values()) {
      yield state
      yield* parts.values()
    }
  }

  bucket(name: string): Cell<boolean> {
    return entry(this.buckets, name, () => new Cell(false))
  }

  object({ bucket, key }: Address): Cell<ObjectValue | null> {
    const objects = entry(this.objects, bucket, () => new Map())
    return entry(objects, key, () => new Cell<ObjectValue | null>(null))
  }

  part(upload: number, partNumber: number): Cell<PartValue | null> {
    const { parts } = this.upload(upload)
    return entry(parts, partNumber, () => new Cell<PartValue | null>(null))
  }

  upload(upload: number): UploadRecord {
    const record = this.uploads.get(upload)
    if (record === undefined) throw new Error(`no upload ${upload}`)
    return record
  }

  #writes(step: Step): readonly Write[] {
    switch (step.kind) {
      case 'create-bucket':
        return [writing(this.bucket(step.bucket), [true])]
      case 'delete-bucket':
        return [
          writing(this.bucket(step.bucket), [false]),
          ...this.#uploadsIn(step.bucket).map(({ state }) => writing(state, [false])),
        ]
      case 'put':
        return [this.#write(step, [putValue(step)])]
      case 'delete':
        return [this.#write(step, [null])]
      case 'delete-version':
        return [this.versions.remove(step.key, step.index)]
      case 'delete-many':
        return step.keys.map((key) => this.#write({ ...step, key }, [null]))
      case 'copy':
        return [
          this.#write(
            step,
            this.#found(step.source).map((value) => copiedValue(value, step)),
          ),
        ]
      case 'move-object':
        return [this.#moveObject(step)]
      case 'tag': {
        const values = this.#found(step).map((value) => ({ ...value, tags: step.tags }))
        return [writing(this.object(step), values)]
      }
      case 'create-upload':
        return [this.#createUpload(step)]
      case 'upload-part':
        return [writing(this.part(step.upload, step.partNumber), [partValue(step.body)])]
      case 'copy-part': {
        const values = this.#found(step.source).map(({ content }) => partOf(content))
        return [writing(this.part(step.upload, step.partNumber), values)]
      }
      case 'complete': {
        const record = this.upload(step.upload)
        // Asked again: if it succeeds again, nothing happens.
        if (record.state.certain === false) return []
        return [
          writing(record.state, [false]),
          this.#write(record, this.#completed(record, step.partNumbers)),
        ]
      }
      case 'abort':
        return [writing(this.upload(step.upload).state, [false])]
    }
  }

  /** Null: a delete. Where there are versions, each write is one of its own. */
  #write(address: Address, values: readonly (ObjectValue | null)[]): Write {
    if (address.bucket !== VERSIONED) return writing(this.object(address), values)
    return this.versions.push(
      address.key,
      values.map((value) => value ?? 'delete marker'),
    )
  }

  /** Of the current version, or, where there are others, of the one that is named. */
  #moveObject({ storageClass, index, ...address }: MoveObjectStep): Write {
    const moved = (value: ObjectValue) => ({ ...value, storageClass })
    if (index !== undefined) return this.versions.change(address.key, index, moved)
    return this.object(address).change((value) => (value === null ? null : moved(value)))
  }

  #createUpload(step: Step & { readonly kind: 'create-upload' }): Write {
    const { upload, bucket, key, mark, storageClass = 'STANDARD' } = step
    const state = new Cell(false)
    const parts = new Map()
    const named = { upload, bucket, key, mark, storageClass }
    this.uploads.set(upload, { ...named, uploadId: null, state, parts })
    return writing(state, [true])
  }

  /** What Complete makes of these parts, for each way the parts may be. */
  #completed(record: UploadRecord, partNumbers: readonly number[]): ObjectValue[] {
    let choices: PartValue[][] = [[]]
    for (const partNumber of partNumbers) {
      const found = this.part(record.upload, partNumber).possible.filter((part) => part !== null)
      choices = choices.flatMap((choice) => found.map((part) => [...choice, part]))
    }
    return choices.map((parts) => completedValue(parts, record))
  }

  #found(address: Address): readonly ObjectValue[] {
    if (address.bucket === VERSIONED) return this.versions.objects(address.key)
    return this.object(address).possible.filter((value) => value !== null)
  }

  #uploadsIn(bucket: string): UploadRecord[] {
    return [...this.uploads.values()].filter(
      (record) => record.bucket === bucket && record.state.possible.includes(true),
    )
  }

  #expected(step: Step): StoreErrorKind | 'success' | undefined {
    const upload = 'upload' in step ? this.uploads.get(step.upload) : undefined
    const bucket = 'bucket' in step ? step.bucket : upload?.bucket
    if (bucket === undefined) return undefined
    const exists = this.bucket(bucket).certain
    if (exists === undefined) return undefined
    if (step.kind === 'create-bucket') return exists ? 'bucket-exists' : 'success'
    // Of two reasons to refuse a copy either will do.
    if (!exists && 'source' in step && this.#expectedSource(step.source) !== 'success') {
      return undefined
    }
    if (!exists) return 'no-such-bucket'
    if (step.kind === 'delete-bucket') return this.#expectedDeleteBucket(bucket)
    if ('source' in step) {
      const source = this.#expectedSource(step.source)
      if (source !== 'success') return source
    }
    if (step.kind === 'put') {
      if (step.ifNoneMatch === undefined) return 'success'
      if (bucket === VERSIONED) return undefined
      const before = this.object(step).certain
      return before === undefined ? undefined : before === null ? 'success' : 'precondition-failed'
    }
    if (step.kind === 'move-object' && step.index !== undefined) {
      return this.versions.expectedOf(step.key, step.index)
    }
    if (step.kind === 'tag' || step.kind === 'move-object') return this.#expectedSource(step)
    if (upload === undefined || step.kind === 'create-upload') return 'success'
    const isOpen = upload.state.certain
    // A completed upload answers the same Complete again, while its object is there.
    if (isOpen === false) return step.kind === 'complete' ? undefined : 'no-such-upload'
    if (isOpen === undefined) return undefined
    return step.kind === 'complete' ? this.#expectedParts(step) : 'success'
  }

  #expectedParts(
    step: Step & { readonly kind: 'complete' },
  ): StoreErrorKind | 'success' | undefined {
    const parts = step.partNumbers.map((number) => this.part(step.upload, number).certain)
    if (parts.includes(undefined)) return undefined
    if (parts.includes(null)) return 'invalid-part'
    // With the least size of a part set to one byte, only the last may be empty.
    return parts.slice(0, -1).some((part) => part?.content.length === 0)
      ? 'part-too-small'
      : 'success'
  }

  #expectedDeleteBucket(bucket: string): StoreErrorKind | 'success' | undefined {
    if (bucket === VERSIONED) {
      if (this.versions.isSurelyEmpty) return 'success'
      return this.versions.isSurelyFilled ? 'bucket-not-empty' : undefined
    }
    const cells = [...(this.objects.get(bucket)?.values() ?? [])]
    if (cells.every(({ certain }) => certain === null)) return 'success'
    return cells.some(({ possible }) => !possible.includes(null)) ? 'bucket-not-empty' : undefined
  }

  #expectedSource(source: Address): StoreErrorKind | 'success' | undefined {
    if (this.bucket(source.bucket).certain === false) return 'no-such-bucket'
    // Which version is current depends on the order of writes that nobody saw.
    if (source.bucket === VERSIONED) return undefined
    const value = this.object(source).certain
    return value === undefined ? undefined : value === null ? 'no-such-key' : 'success'
  }
}

/** Begins a write of one of `values`; the answer may tell which by its ETag. */
function writing<Value>(cell: Cell<Value>, values: readonly Value[]): Write {
  cell.begin(values)
  return {
    acknowledge: ({ etag, lastModified, checksum }) => {
      const told = values.filter((value) => isObject(value) && value.etag === etag)
      const meant = told.length === 0 ? values : told
      for (const value of meant) {
        if (!isObject(value) || lastModified === undefined) continue
        value.lastModified = lastModified
        value.checksum = checksum ?? null
      }
      cell.acknowledge(
        meant,
        values.filter((value) => !meant.includes(value)),
      )
    },
    refuse: () => cell.refuse(values),
    fail: () => cell.fail(),
  }
}

/** Parts are told apart by their ETag too, and need nothing more. */
function isObject(value: unknown): value is ObjectValue {
  return typeof value === 'object' && value !== null && 'etag' in value
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
