import { isDeepStrictEqual } from 'node:util'
import type { ObjectValue, PartValue } from './object-value.ts'
import type { ReferenceModel } from './reference-model.ts'
import { isSameObject } from './same-object.ts'
import type { Address } from './step.ts'
import type { BucketState, FoundObject, FoundUpload, StoreState } from './store-state.ts'
import {
  checkVersions,
  type ExpectedVersions,
  expectedVersions,
  VERSIONED,
} from './version-records.ts'

/** What a reader may find at one moment: a frozen look at the model. */
export interface Expectation {
  readonly version: number
  readonly buckets: ReadonlyMap<string, readonly boolean[]>
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, readonly (ObjectValue | null)[]>>
  readonly versions: ExpectedVersions
  readonly uploads: readonly ExpectedUpload[]
  /** Completes under way: one of `values` is there exactly when the upload is not. */
  readonly completing: readonly (Address & {
    readonly uploadId: string | null
    readonly values: readonly ObjectValue[]
    readonly before: readonly (ObjectValue | null)[]
  })[]
}

interface ExpectedUpload extends Address {
  readonly uploadId: string | null
  readonly states: readonly boolean[]
  readonly parts: ReadonlyMap<number, readonly (PartValue | null)[]>
}

export function expectationOf(model: ReferenceModel): Expectation {
  const objects = new Map(
    [...model.objects].map(([bucket, cells]) => [
      bucket,
      new Map([...cells].map(([key, cell]) => [key, cell.possible])),
    ]),
  )
  return {
    version: model.version,
    buckets: new Map([...model.buckets].map(([name, cell]) => [name, cell.possible])),
    objects,
    versions: expectedVersions(model.versions),
    uploads: [...model.uploads.values()].map(({ bucket, key, uploadId, state, parts }) => ({
      bucket,
      key,
      uploadId,
      states: state.possible,
      parts: new Map([...parts].map(([number, cell]) => [number, cell.possible])),
    })),
    completing: model.completing.map(({ record: { bucket, key, uploadId }, values, before }) => ({
      bucket,
      key,
      uploadId,
      values,
      before,
    })),
  }
}

/** What is wrong with a state, in words; empty when nothing is. */
export function check(state: StoreState, expectation: Expectation): string[] {
  const problems: string[] = []
  const names = new Set([...state.keys(), ...expectation.buckets.keys()])
  for (const name of names) {
    const found = state.get(name)
    const states = expectation.buckets.get(name) ?? [false]
    if (!states.includes(found !== undefined)) {
      problems.push(`bucket ${name} is ${found === undefined ? 'lost' : 'not deleted'}`)
      continue
    }
    if (name !== VERSIONED) problems.push(...checkObjects(name, found, expectation))
    else if (found !== undefined) problems.push(...checkVersions(found, expectation.versions))
    problems.push(...checkUploads(name, found, expectation))
    if (found !== undefined) problems.push(...checkUsage(name, found))
  }
  for (const completing of expectation.completing) {
    problems.push(...checkCompleting(state, completing))
  }
  return problems
}

function checkObjects(
  bucket: string,
  found: BucketState | undefined,
  { objects }: Expectation,
): string[] {
  const problems: string[] = []
  const expected = objects.get(bucket) ?? new Map()
  for (const key of new Set([...(found?.objects.keys() ?? []), ...expected.keys()])) {
    const values: readonly (ObjectValue | null)[] = expected.get(key) ?? [null]
    const object = found?.objects.get(key) ?? null
    if (values.some((value) => isSameObject(object, value))) continue
    problems.push(`${bucket}/${key}: found ${nameOf(object)}, not ${values.map(nameOf).join(', ')}`)
  }
  return problems
}

type Told = 'etag' | 'mark' | 'storageClass' | 'tags' | 'lastModified'

function nameOf(object: FoundObject | ObjectValue | null): string {
  if (object === null) return 'nothing'
  if (!('head' in object)) {
    const { content, mark, ...value } = object
    return textOf({ ...value, size: content.length, mark })
  }
  const { head, tags } = object
  return textOf({ ...head, mark: head.attributes.metadata.get('mark') ?? '', tags })
}

function textOf(one: Pick<ObjectValue, Told> & { readonly size: number }): string {
  const { size, etag, mark, storageClass, tags, lastModified } = one
  return `${size} bytes ${etag} ${mark} ${storageClass} ${JSON.stringify(tags)} ${lastModified}`
}

function checkUploads(
  bucket: string,
  found: BucketState | undefined,
  { uploads }: Expectation,
): string[] {
  const problems: string[] = []
  const unknown = new Map(found?.uploads ?? [])
  const nameless: ExpectedUpload[] = []
  for (const expected of uploads) {
    if (expected.bucket !== bucket) continue
    if (expected.uploadId === null) {
      nameless.push(expected)
      continue
    }
    const upload = unknown.get(expected.uploadId)
    unknown.delete(expected.uploadId)
    if (!expected.states.includes(upload !== undefined)) {
      problems.push(`upload ${expected.key} is ${upload === undefined ? 'lost' : 'not gone'}`)
    } else if (upload !== undefined) problems.push(...checkParts(upload, expected))
  }
  // An upload whose creation was never answered has an id that only the store knows.
  for (const [id, { key, parts }] of unknown) {
    const index = nameless.findIndex(
      (expected) => expected.key === key && expected.states.includes(true),
    )
    if (index < 0 || parts.size > 0) problems.push(`unknown upload ${id} of ${bucket}/${key}`)
    else nameless.splice(index, 1)
  }
  return problems
}

function checkParts(found: FoundUpload, expected: ExpectedUpload): string[] {
  const problems: string[] = []
  if (found.key !== expected.key) problems.push(`upload of ${expected.key} is of ${found.key}`)
  for (const number of new Set([...found.parts.keys(), ...expected.parts.keys()])) {
    const part = found.parts.get(number)
    const values = expected.parts.get(number) ?? [null]
    const isKnown = values.some((value) =>
      value === null
        ? part === undefined
        : part?.etag === value.etag && part.size === value.content.length,
    )
    if (!isKnown) problems.push(`part ${number} of ${expected.key}: found ${JSON.stringify(part)}`)
  }
  return problems
}

function checkUsage(bucket: string, state: BucketState): string[] {
  const { usage, objects, versions, uploads } = state
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0)
  const parts = [...uploads.values()].flatMap((upload) => [...upload.parts.values()])
  const stacks = [...versions.values()].flat()
  const held = stacks.length > 0 ? stacks.map(({ object }) => object) : [...objects.values()]
  const counted = {
    objects: objects.size,
    olderVersions: stacks.length === 0 ? 0 : stacks.length - objects.size,
    bytes: sum(held.map((object) => object?.content.length ?? 0)),
    uploads: uploads.size,
    partBytes: sum(parts.map(({ size }) => size)),
  }
  const { storedBytes, tiers, ...told } = usage
  const problems: string[] = []
  if (!isDeepStrictEqual(told, counted)) {
    problems.push(`usage of ${bucket}: ${JSON.stringify(told)}, not ${JSON.stringify(counted)}`)
  }
  if (storedBytes < 0 || (counted.bytes === 0) !== (storedBytes === 0)) {
    problems.push(`stored bytes of ${bucket}: ${storedBytes}`)
  }
  const byTier = Object.values(tiers)
  if (sum(byTier.map(({ bytes }) => bytes)) !== counted.bytes) {
    problems.push(`bytes of ${bucket} by tier: ${JSON.stringify(tiers)}`)
  }
  return problems
}

function checkCompleting(
  state: StoreState,
  { bucket, key, uploadId, values, before }: Expectation['completing'][number],
): string[] {
  const found = state.get(bucket)
  if (found === undefined || uploadId === null) return []
  const object = found.objects.get(key) ?? null
  const isThere = values.some((value) => isSameObject(object, value))
  // The old object and the new one may be alike in all that is known of them.
  if (isThere && before.some((value) => isSameObject(object, value))) return []
  if (isThere !== found.uploads.has(uploadId)) return []
  return [`complete of ${bucket}/${key} happened by half: object and upload both ${isThere}`]
}
