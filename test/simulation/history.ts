import type { StorageClass } from '../../src/model/storage-class.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { ReferenceModel } from './reference-model.ts'
import {
  type Address,
  type BodySpec,
  type Control,
  type Round,
  type Step,
  upkeeps,
} from './step.ts'
import { VERSIONED } from './version-records.ts'

const BUCKETS = ['alpha', 'beta', VERSIONED]
const KEYS = ['a', 'a/b', 'a/b/c', 'dir/x', 'dir/y', 'ünï/ç', '//', 'z']

export interface HistoryOptions {
  readonly seed: number
  /** Steps that may run at the same time. */
  readonly concurrencyMax: number
  /** What else happens between rounds, each with equal chance. */
  readonly controls: readonly Control[]
  /** Body sizes, each with equal chance: pairs of least and largest. */
  readonly sizes?: readonly (readonly [number, number])[]
}

/** Empty, inline, one chunk, several chunks, several segments: see `stack.ts` for the bounds. */
const SIZES = [
  [0, 0],
  [1, 200],
  [1, 200],
  [200, 1100],
  [1100, 6000],
  [6000, 15_000],
] as const

/** Of each tier, and each way to be moved: most objects are never given one. */
const CLASSES: readonly StorageClass[] = [
  'STANDARD',
  'INTELLIGENT_TIERING',
  'STANDARD_IA',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]

/**
 * Makes up a history as it goes, round after round, from one seed. It looks at the model to make
 * steps that mostly make sense, so the same seed gives the same history.
 */
export class History {
  readonly #random: SeededRandom
  readonly #options: HistoryOptions
  #uploadCount = 0
  #bodyCount = 0

  constructor(options: HistoryOptions) {
    this.#random = new SeededRandom(options.seed)
    this.#options = options
  }

  next(model: ReferenceModel): Round {
    const random = this.#random
    const { controls, concurrencyMax } = this.#options
    if (controls.length > 0 && random.chance(0.12)) return { control: random.pick(controls) }
    const count = 1 + random.below(concurrencyMax)
    if (count > 2 && random.chance(0.15)) return { steps: this.#contention(model, count) }
    const steps: Step[] = []
    for (let tries = 0; steps.length < count && tries < 4 * count; tries++) {
      const step = this.#step(model)
      if (!steps.some((other) => interfere(step, other, model))) steps.push(step)
    }
    const upkeep = upkeeps.filter((one) => controls.includes(one))
    if (upkeep.length > 0 && random.chance(0.2)) return { steps, beside: random.pick(upkeep) }
    return { steps }
  }

  /** Writers of one key, at the same time. */
  #contention(model: ReferenceModel, count: number): Step[] {
    const random = this.#random
    const address = random.chance(0.5) ? this.#object(model) : this.#address(model)
    const isConditional = random.chance(0.4)
    const writers = Array.from({ length: count }, (): Step => {
      if (!isConditional && random.chance(0.25)) return { kind: 'delete', ...address }
      const put = this.#put(address)
      return isConditional ? { ...put, ifNoneMatch: '*' } : put
    })
    // Last, so that it may meet what any of the others has written.
    const isMoved = !isConditional && address.bucket !== VERSIONED && random.chance(0.6)
    return isMoved ? [...writers, this.#moveObject(address, model)] : writers
  }

  #step(model: ReferenceModel): Step {
    const random = this.#random
    const drawn = random.below(100)
    const address = this.#address(model)
    if (drawn < 4 || (random.chance(0.4) && !BUCKETS.some((name) => isThere(model, name)))) {
      return { kind: 'create-bucket', bucket: random.pick(BUCKETS) }
    }
    if (drawn < 7) return { kind: 'delete-bucket', bucket: this.#emptiest(model) }
    if (drawn < 38) {
      const put = this.#put(address)
      return random.chance(0.1) ? { ...put, ifNoneMatch: '*' } : put
    }
    if (drawn < 49) return this.#delete(address, model)
    if (drawn < 53 && address.bucket !== VERSIONED) {
      const keys = KEYS.filter(() => random.chance(0.4))
      return { kind: 'delete-many', bucket: address.bucket, keys }
    }
    if (drawn < 61) {
      return { kind: 'copy', source: this.#object(model), ...address, ...this.#class(0.15) }
    }
    if (drawn < 69) return this.#moveObject(this.#object(model), model)
    if (drawn < 73) {
      const tags = random.chance(0.3) ? [] : [{ key: 'n', value: `${this.#bodyCount}` }]
      const object = this.#object(model)
      return object.bucket === VERSIONED
        ? this.#deleteVersion(object, model)
        : { kind: 'tag', ...object, tags }
    }
    return this.#uploadStep(model, address)
  }

  #delete(address: Address, model: ReferenceModel): Step {
    const isOfVersion = address.bucket === VERSIONED && this.#random.chance(0.7)
    return isOfVersion ? this.#deleteVersion(address, model) : { kind: 'delete', ...address }
  }

  /** Of a version that may be there, if there is one. */
  #deleteVersion({ bucket, key }: Address, model: ReferenceModel): Step {
    const index = this.#version(key, model)
    if (index === null) return { kind: 'delete', bucket, key }
    return { kind: 'delete-version', bucket, key, index }
  }

  #moveObject(address: Address, model: ReferenceModel): Step {
    const step = {
      kind: 'move-object',
      ...address,
      storageClass: this.#random.pick(CLASSES),
    } as const
    if (address.bucket !== VERSIONED) return step
    const index = this.#version(address.key, model)
    return index === null ? this.#put(address) : { ...step, index }
  }

  #version(key: string, model: ReferenceModel): number | null {
    const indexes = [...model.versions.stack(key).entries()]
      .filter(([, { id, cell }]) => id !== null && cell.certain !== null)
      .map(([index]) => index)
    return indexes.length === 0 ? null : this.#random.pick(indexes)
  }

  #uploadStep(model: ReferenceModel, address: Address): Step {
    const random = this.#random
    const open = [...model.uploads.values()].filter(
      ({ uploadId, state }) => uploadId !== null && state.certain === true,
    )
    const again = [...model.uploads.values()].find(
      ({ uploadId, state, parts }) =>
        uploadId !== null && state.certain === false && parts.size > 0 && random.chance(0.02),
    )
    if (again !== undefined) {
      return { kind: 'complete', upload: again.upload, partNumbers: [...again.parts.keys()].sort() }
    }
    if (open.length === 0 || (open.length < 4 && random.chance(0.2))) {
      // Another history may have begun some on the same store.
      const upload = Math.max(this.#uploadCount, ...[...model.uploads.keys()].map((one) => one + 1))
      this.#uploadCount = upload + 1
      const mark = this.#mark()
      return { kind: 'create-upload', upload, ...address, mark, ...this.#class(0.3) }
    }
    const { upload, parts } = random.pick(open)
    const present = [...parts].filter(([, part]) => part.certain).map(([number]) => number)
    present.sort((one, other) => one - other)
    if (present.length > 0 && random.chance(0.3)) {
      const chosen = present.filter(() => random.chance(0.8))
      const partNumbers = chosen.length > 0 ? chosen : present
      return { kind: 'complete', upload, partNumbers }
    }
    if (random.chance(0.12)) return { kind: 'abort', upload }
    const partNumber = 1 + random.below(4)
    if (random.chance(0.2)) {
      return { kind: 'copy-part', upload, partNumber, source: this.#object(model) }
    }
    return { kind: 'upload-part', upload, partNumber, body: this.#body() }
  }

  #put(address: Address): Step & { readonly kind: 'put' } {
    return { kind: 'put', ...address, body: this.#body(), mark: this.#mark(), ...this.#class(0.3) }
  }

  /** Now and then one that is asked for. */
  #class(rate: number): { readonly storageClass?: StorageClass } {
    return this.#random.chance(rate) ? { storageClass: this.#random.pick(CLASSES) } : {}
  }

  /** Each body is another one, whatever its size. */
  #body(): BodySpec {
    const [least, largest] = this.#random.pick(this.#options.sizes ?? SIZES)
    const seed = 1 + this.#bodyCount++ + (this.#options.seed % 100_000) * 1000
    return { seed, size: least + this.#random.below(largest - least + 1) }
  }

  #mark(): string {
    return `m${this.#bodyCount}`
  }

  /** A place to write to; now and then in a bucket that is not there. */
  #address(model: ReferenceModel): Address {
    const random = this.#random
    const there = BUCKETS.filter((name) => isThere(model, name))
    const bucket = random.pick(there.length === 0 || random.chance(0.03) ? BUCKETS : there)
    return { bucket, key: random.pick(KEYS) }
  }

  /** A place to read from: mostly one where something is. */
  #object(model: ReferenceModel): Address {
    const there: Address[] = []
    for (const [bucket, objects] of model.objects) {
      for (const [key, cell] of objects) if (cell.certain) there.push({ bucket, key })
    }
    for (const key of model.versions.stacks.keys()) {
      if (model.versions.objects(key).length > 0) there.push({ bucket: VERSIONED, key })
    }
    const isBlind = there.length === 0 || this.#random.chance(0.1)
    return isBlind ? this.#address(model) : this.#random.pick(there)
  }

  #emptiest(model: ReferenceModel): string {
    const random = this.#random
    const isEmpty = (bucket: string) =>
      (bucket !== VERSIONED || model.versions.isSurelyEmpty) &&
      [...(model.objects.get(bucket)?.values() ?? [])].every(({ certain }) => certain === null)
    const empty = BUCKETS.filter(isEmpty)
    return random.pick(empty.length === 0 || random.chance(0.2) ? BUCKETS : empty)
  }
}

function isThere(model: ReferenceModel, bucket: string): boolean {
  return model.bucket(bucket).certain === true
}

/** Whether one step writes what the other reads or writes. */
export function interfere(one: Step, other: Step, model: ReferenceModel): boolean {
  const [first, second] = [touches(one, model), touches(other, model)]
  const meets = (written: ReadonlySet<string>, all: ReadonlySet<string>) =>
    [...written].some((name) => all.has(name))
  return (
    meets(first.writes, second.writes) ||
    meets(first.writes, second.reads) ||
    meets(first.reads, second.writes)
  )
}

function touches(
  step: Step,
  model: ReferenceModel,
): { readonly reads: ReadonlySet<string>; readonly writes: ReadonlySet<string> } {
  const reads = new Set<string>()
  const writes = new Set<string>()
  const object = ({ bucket, key }: Address) => `${bucket}/${key}`
  const inBucket = (bucket: string) => reads.add(bucket)
  if ('source' in step) {
    inBucket(step.source.bucket)
    reads.add(object(step.source))
  }
  if (step.kind === 'create-bucket' || step.kind === 'delete-bucket') writes.add(step.bucket)
  else if (step.kind === 'delete-many') {
    inBucket(step.bucket)
    for (const key of step.keys) writes.add(object({ bucket: step.bucket, key }))
  } else if (step.kind === 'create-upload') {
    inBucket(step.bucket)
    writes.add(`upload ${step.upload}`)
  } else if ('upload' in step) {
    const record = model.upload(step.upload)
    inBucket(record.bucket)
    const isPart = step.kind === 'upload-part' || step.kind === 'copy-part'
    if (isPart) {
      reads.add(`upload ${step.upload}`)
      writes.add(`part ${step.upload} ${step.partNumber}`)
    } else writes.add(`upload ${step.upload}`)
    if (step.kind === 'complete') writes.add(object(record))
  } else {
    inBucket(step.bucket)
    writes.add(object(step))
  }
  return { reads, writes }
}
