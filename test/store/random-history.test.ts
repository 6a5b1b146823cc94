import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BucketName } from '../../src/model/bucket-name.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'
import { openMemoryStore } from './memory-subject.ts'
import {
  bodyOf,
  bytesOf,
  copy,
  failure,
  key,
  neverAborted,
  noise,
  plain,
} from './store-requests.ts'

const buckets = ['pots', 'jars'] as unknown as readonly BucketName[]
const SMALL_PARTS = { partSizeMin: 1, inlineSizeMax: 100 }

interface Target {
  readonly bucket: BucketName
  readonly key: ReturnType<typeof key>
}

type Operation =
  | { readonly kind: 'put'; readonly at: Target; readonly size: number; readonly seed: number }
  | { readonly kind: 'delete'; readonly at: Target }
  | { readonly kind: 'copy'; readonly from: Target; readonly at: Target }
  | { readonly kind: 'tag'; readonly at: Target; readonly tag: string }
  | {
      readonly kind: 'upload'
      readonly at: Target
      readonly parts: readonly number[]
      readonly end: 'complete' | 'abort' | 'leave'
    }
  | { readonly kind: 'delete-bucket'; readonly bucket: BucketName }

const target = fc.record({
  bucket: fc.constantFrom(...buckets),
  key: fc.constantFrom('a', 'b', 'c/d').map(key),
})
const size = fc.constantFrom(0, 1, 99, 100, 101, 5000, 70_000)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('put'), at: target, size, seed: fc.nat(9) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), at: target }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('copy'), from: target, at: target }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('tag'), at: target, tag: fc.constantFrom('x', 'y') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('upload'),
      at: target,
      parts: fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 12 }),
      end: fc.constantFrom('complete', 'complete', 'abort', 'leave'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete-bucket'),
      bucket: fc.constantFrom(...buckets),
    }),
  },
)

describe('random histories', { timeout: 120_000 }, () => {
  it('leave what a map would hold, and rows that agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (history) => {
        const { store, audit, close } = await openMemoryStore(SMALL_PARTS)
        const model = new Map<string, Buffer>()
        for (const bucket of buckets) await store.createBucket(bucket, { region: 'x' })
        for (const step of history) {
          await perform(store, step, model)
          await audit()
        }
        await compare(store, model)
        await close()
      }),
      { numRuns: 150 },
    )
  })

  it('leave rows that agree when everything happens at once', async () => {
    const round = fc.array(operation, { minLength: 2, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(round, { maxLength: 5 }), async (rounds) => {
        const { store, audit, close } = await openMemoryStore(SMALL_PARTS)
        for (const bucket of buckets) await failure(store.createBucket(bucket, { region: 'x' }))
        for (const steps of rounds) {
          await Promise.all(steps.map((step) => perform(store, step, new Map())))
          await audit()
        }
        await close()
      }),
      { numRuns: 150 },
    )
  })
})

/** Does one step to the store and, if it came to pass, to the model. */
async function perform(
  store: ObjectStore,
  step: Operation,
  model: Map<string, Buffer>,
): Promise<void> {
  switch (step.kind) {
    case 'put': {
      const bytes = noise(step.size, step.seed)
      const input = { ...step.at, attributes: plain, body: bodyOf(bytes), conditions: {} }
      await did(store.putObject(input), () => model.set(name(step.at), bytes))
      break
    }
    case 'delete':
      await did(store.deleteObject({ ...step.at, conditions: {} }), () =>
        model.delete(name(step.at)),
      )
      break
    case 'copy': {
      const source = { ...step.from, conditions: {} }
      const copying = copy(store, step.from.key, step.at.key, { source, bucket: step.at.bucket })
      await did(copying, () => model.set(name(step.at), model.get(name(step.from))!))
      break
    }
    case 'tag':
      await did(store.putObjectTags(step.at, [{ key: step.tag, value: '' }]), () => undefined)
      break
    case 'upload':
      await did(upload(store, step), (bytes) => bytes !== null && model.set(name(step.at), bytes))
      break
    case 'delete-bucket':
      await did(store.deleteBucket(step.bucket), () => undefined)
      await failure(store.createBucket(step.bucket, { region: 'x' }))
      break
  }
}

/** Uploads each size as the part of its index, and the first one once more. Null: no object. */
async function upload(
  store: ObjectStore,
  { at, parts, end }: Operation & { kind: 'upload' },
): Promise<Buffer | null> {
  const { uploadId } = await store.createMultipartUpload({
    ...at,
    attributes: plain,
    checksum: null,
  })
  const put = (index: number, bytes: Buffer) =>
    store.uploadPart({ ...at, uploadId, partNumber: index + 1, body: bodyOf(bytes) })
  await put(0, noise(parts[0]! + 50, 99))
  const bodies = parts.map((size, index) => noise(size, index))
  const infos = await Promise.all(bodies.map((bytes, index) => put(index, bytes)))
  if (end === 'abort') await store.abortMultipartUpload(at.bucket, at.key, uploadId)
  if (end !== 'complete') return null
  const listed = infos.map(({ partNumber, etag }) => ({ partNumber, etag, checksum: null }))
  const rest = { checksum: null, checksumType: null, size: null, conditions: {} }
  await store.completeMultipartUpload({ ...at, uploadId, parts: listed, ...rest })
  return Buffer.concat(bodies)
}

const expected = [
  'no-such-bucket',
  'no-such-key',
  'no-such-upload',
  'bucket-not-empty',
  'bucket-exists',
  'invalid-part',
]

async function did<Result>(
  doing: Promise<Result>,
  then: (result: Result) => unknown,
): Promise<void> {
  const outcome = await failure(doing)
  if (outcome === 'succeeded') then(await doing)
  else expect(expected).toContain(outcome)
}

async function compare(store: ObjectStore, model: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const bucket of buckets) {
    const query = { bucket, prefix: '', delimiter: '', after: '', limit: 1000 }
    const { objects } = await store.listObjects(query)
    const listed = objects.map((object) => name({ bucket, key: object.key }))
    const held = [...model.keys()].filter((at) => at.startsWith(`${bucket} `)).sort()
    expect(listed).toEqual(held)
    for (const object of objects) {
      const input = { bucket, key: object.key, conditions: {}, signal: neverAborted }
      const bytes = await bytesOf((await store.getObject(input)).body)
      expect(bytes.equals(model.get(name({ bucket, key: object.key }))!)).toBe(true)
      expect(object.size).toBe(bytes.length)
    }
  }
}

function name(at: Target): string {
  return `${at.bucket} ${at.key}`
}
