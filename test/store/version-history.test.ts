import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VersionId } from '../../src/model/version-id.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import type { ObjectStore, SetVersioning } from '../../src/store/object-store.ts'
import { openMemoryStore } from './memory-subject.ts'
import { openRealStore } from './real-subject.ts'
import {
  bucket,
  bytesOf,
  copy,
  failure,
  key,
  list,
  noise,
  open,
  put,
  UploadClient,
} from './store-requests.ts'
import { look } from './version-listing.ts'
import { VersionModel } from './version-model.ts'

const KEYS = ['a', 'a/b', 'a/b/c', 'a0', 'ü']
const OPTIONS = { partSizeMin: 1, inlineSizeMax: 100 }

/** `pick` chooses among the versions that there are, or the current one when it is null. */
type Step =
  | { readonly kind: 'put'; readonly at: string; readonly size: number; readonly seed: number }
  | { readonly kind: 'upload'; readonly at: string; readonly seed: number }
  | { readonly kind: 'delete'; readonly at: string }
  | { readonly kind: 'delete-version'; readonly at: string; readonly pick: number }
  | { readonly kind: 'delete-many'; readonly picks: readonly [string, number | null][] }
  | {
      readonly kind: 'copy'
      readonly from: string
      readonly at: string
      readonly pick: number | null
    }
  | {
      readonly kind: 'tag'
      readonly at: string
      readonly pick: number | null
      readonly tag: string
    }
  | { readonly kind: 'set'; readonly versioning: SetVersioning }
  | { readonly kind: 'delete-bucket' }
  | {
      readonly kind: 'look'
      readonly limit: number
      readonly prefix: string
      readonly delimiter: string
    }

/** What steps that race may answer. */
const POSSIBLE: ReadonlySet<string> = new Set([
  'succeeded',
  'no-such-key',
  'no-such-version',
  'delete-marker',
  'no-such-bucket',
  'no-such-upload',
  'bucket-not-empty',
])

const at = fc.constantFrom(...KEYS)
const pick = fc.nat(4)
const maybePick = fc.option(pick)
const size = fc.constantFrom(0, 1, 100, 101, 70_000)
const arbitraries: readonly [number, fc.Arbitrary<Step>][] = [
  [6, fc.record({ kind: fc.constant('put'), at, size, seed: fc.nat(9) })],
  [2, fc.record({ kind: fc.constant('upload'), at, seed: fc.nat(9) })],
  [4, fc.record({ kind: fc.constant('delete'), at })],
  [6, fc.record({ kind: fc.constant('delete-version'), at, pick })],
  [
    1,
    fc.record({
      kind: fc.constant('delete-many'),
      picks: fc.array(fc.tuple(at, maybePick), { minLength: 1, maxLength: 6 }),
    }),
  ],
  [5, fc.record({ kind: fc.constant('copy'), from: at, at, pick: maybePick })],
  [2, fc.record({ kind: fc.constant('tag'), at, pick: maybePick, tag: fc.constantFrom('x', 'y') })],
  [
    2,
    fc.record({
      kind: fc.constant('set'),
      versioning: fc.constantFrom<SetVersioning>('enabled', 'suspended'),
    }),
  ],
  [1, fc.record({ kind: fc.constant('delete-bucket') })],
  [
    2,
    fc.record({
      kind: fc.constant('look'),
      limit: fc.integer({ min: 1, max: 5 }),
      prefix: fc.constantFrom('', 'a', 'a/', 'b'),
      delimiter: fc.constantFrom('', '/'),
    }),
  ],
]
const step = fc.oneof(...arbitraries.map(([weight, arbitrary]) => ({ weight, arbitrary })))

describe('histories of versions', { timeout: 120_000 }, () => {
  it('leave what stacks in a map would hold, and rows that agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (history) => {
        const { store, audit, close } = await openMemoryStore(OPTIONS)
        const model = new VersionModel()
        await store.createBucket(bucket, { region: 'x' })
        for (const one of history) {
          await perform(store, one, model)
          await audit()
        }
        await compare(store, model)
        await close()
      }),
      { numRuns: 200 },
    )
  })

  it('outlive a restart, with whatever was still open', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 20 }), { maxLength: 4 }),
        async (rounds) => {
          const fs = new MemoryFileSystem()
          const model = new VersionModel()
          for (const [index, steps] of [[], ...rounds].entries()) {
            const { store, audit, close } = await openRealStore(fs, OPTIONS)
            if (index === 0) await store.createBucket(bucket, { region: 'x' })
            await compare(store, model)
            for (const one of steps) await perform(store, one, model)
            await audit()
            await compare(store, model)
            await close()
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('leave rows that agree when everything happens at once', async () => {
    const round = fc.array(step, { minLength: 2, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(round, { maxLength: 5 }), async (rounds) => {
        const { store, audit, close } = await openMemoryStore(OPTIONS)
        await store.createBucket(bucket, { region: 'x' })
        await store.putBucketVersioning(bucket, 'enabled')
        for (const steps of rounds) {
          const seen = await modelOf(store)
          const outcomes = await Promise.all(steps.map((one) => failure(attempt(store, one, seen))))
          expect(outcomes.filter((outcome) => !POSSIBLE.has(outcome))).toEqual([])
          await failure(store.createBucket(bucket, { region: 'x' }))
          await audit()
        }
        await close()
      }),
      { numRuns: 150 },
    )
  })
})

/** Does one step to the store, and what it answers to the model. */
async function perform(store: ObjectStore, one: Step, model: VersionModel): Promise<void> {
  switch (one.kind) {
    case 'put': {
      const bytes = noise(one.size, one.seed)
      const { versionId } = await put(store, one.at, bytes)
      expectShown(model, versionId)
      model.push(one.at, versionId, { bytes, tag: null })
      break
    }
    case 'upload': {
      const bytes = noise(150, one.seed)
      const upload = await UploadClient.start(store, one.at)
      const { versionId } = await upload.complete([await upload.part(1, bytes)])
      model.push(one.at, versionId, { bytes, tag: null })
      break
    }
    case 'copy':
      await performCopy(store, one, model)
      break
    case 'tag':
      await performTag(store, one, model)
      break
    case 'look':
      await look(store, one, model)
      break
    case 'set':
      await store.putBucketVersioning(bucket, one.versioning)
      model.versioning = one.versioning
      break
    case 'delete-bucket': {
      const outcome = await failure(store.deleteBucket(bucket))
      expect(outcome).toBe(model.isEmpty ? 'succeeded' : 'bucket-not-empty')
      if (outcome === 'succeeded') await store.createBucket(bucket, { region: 'x' })
      if (outcome === 'succeeded') model.clear()
      break
    }
    default:
      await performDelete(store, one, model)
  }
}

type DeleteStep = Extract<Step, { readonly kind: 'delete' | 'delete-version' | 'delete-many' }>

async function performDelete(store: ObjectStore, one: DeleteStep, model: VersionModel) {
  const picks: readonly [string, number | null][] =
    one.kind === 'delete-many' ? one.picks : [[one.at, one.kind === 'delete' ? null : one.pick]]
  const items = picks.map(([name, index]) => ({
    key: key(name),
    version: idOf(model, name, index),
  }))
  // Of two that meet in one key the order is not known beforehand.
  const isClear = new Set(items.map((item) => item.key)).size === items.length
  const results = isClear ? await store.deleteObjects(bucket, items) : []
  for (const [index, { key: name, version }] of items.entries()) {
    const many = results[index]
    if (many?.deleted === false) throw many.error
    const one = { bucket, key: name, version, conditions: {} }
    const result = many ?? (await store.deleteObject(one))
    const found = version === undefined ? null : model.find(name, version)
    if (version !== undefined) {
      expect(result).toMatchObject({ versionId: version })
      expect(result.isDeleteMarker).toBe(found !== null && found.bytes === null)
      model.remove(name, version)
    } else if (model.versioning === 'unversioned') {
      expect(result).toMatchObject({ versionId: null, isDeleteMarker: false })
      model.remove(name, 'null' as VersionId)
    } else {
      expect(result.isDeleteMarker).toBe(true)
      expect(result.versionId === 'null').toBe(model.versioning === 'suspended')
      model.push(name, result.versionId, { bytes: null, tag: null })
    }
  }
}

async function performCopy(
  store: ObjectStore,
  one: Step & { readonly kind: 'copy' },
  model: VersionModel,
): Promise<void> {
  const version = idOf(model, one.from, one.pick)
  const found = version === undefined ? model.current(one.from) : model.find(one.from, version)
  const source = { bucket, key: key(one.from), version, conditions: {} }
  const copying = copy(store, one.from, one.at, { source })
  expect(await failure(copying)).toBe(expectedOf(found, version))
  if (found === null || found.bytes === null) return
  const { versionId, sourceVersionId } = await copying
  expect(sourceVersionId).toBe(model.versioning === 'unversioned' ? null : found.id)
  model.push(one.at, versionId, { bytes: found.bytes, tag: found.tag })
}

async function performTag(
  store: ObjectStore,
  one: Step & { readonly kind: 'tag' },
  model: VersionModel,
): Promise<void> {
  const version = idOf(model, one.at, one.pick)
  const found = version === undefined ? model.current(one.at) : model.find(one.at, version)
  const object = { bucket, key: key(one.at), version }
  const tagging = store.putObjectTags(object, [{ key: one.tag, value: '' }])
  expect(await failure(tagging)).toBe(expectedOf(found, version))
  if (found !== null && found.bytes !== null) found.tag = one.tag
}

function expectedOf(
  found: { readonly bytes: Buffer | null } | null,
  version: VersionId | undefined,
): string {
  if (found === null) return version === undefined ? 'no-such-key' : 'no-such-version'
  return found.bytes === null ? 'delete-marker' : 'succeeded'
}

/** Undefined: the current one. An index beyond the stack names what never was. */
function idOf(model: VersionModel, name: string, index: number | null): VersionId | undefined {
  if (index === null) return undefined
  return model.stack(name)[index]?.id ?? ('0'.repeat(31).concat('7') as VersionId)
}

function expectShown(model: VersionModel, versionId: VersionId | null): void {
  const expected = {
    unversioned: null,
    suspended: 'null',
    enabled: expect.stringMatching(/^[0-9a-f]{32}$/),
  }
  expect(versionId).toEqual(expected[model.versioning])
}

async function compare(store: ObjectStore, model: VersionModel): Promise<void> {
  await look(store, { limit: 1000, prefix: '', delimiter: '' }, model)
  const current = model.keys.filter((name) => model.current(name) !== null)
  expect((await list(store)).objects.map((object) => object.key)).toEqual(current)
  let [bytes, older] = [0, 0]
  for (const name of model.keys) {
    for (const version of model.stack(name)) {
      bytes += version.bytes?.length ?? 0
      older += 1
      if (version.bytes === null) continue
      const found = await open(store, name, { version: version.id })
      expect((await bytesOf(found.body)).equals(version.bytes)).toBe(true)
      expect(found.attributes.tags[0]?.key ?? null).toBe(version.tag)
    }
    const newest = model.stack(name)[0]
    const read = open(store, name)
    if (newest?.bytes === null) {
      await expect(read).rejects.toMatchObject({ detail: { markerVersionId: newest.id } })
    } else expect((await bytesOf((await read).body)).equals(newest?.bytes ?? noise(1))).toBe(true)
  }
  const objects = current.length
  expect(await store.usage(bucket)).toMatchObject({
    objects,
    olderVersions: older - objects,
    bytes,
  })
}

/** What there is, for steps that happen at the same time to choose from. */
async function modelOf(store: ObjectStore): Promise<VersionModel> {
  const model = new VersionModel()
  const query = { bucket, prefix: '', delimiter: '', afterKey: '', afterVersion: null, limit: 1000 }
  const { versions } = await store.listObjectVersions(query)
  for (const { key: name, versionId } of [...versions].reverse()) {
    model.push(name, versionId, { bytes: null, tag: null })
  }
  return model
}

/** A step among others: any answer will do, and the rows are held against the rules. */
async function attempt(store: ObjectStore, one: Step, seen: VersionModel): Promise<unknown> {
  const named = (name: string, index: number | null) => ({
    bucket,
    key: key(name),
    version: idOf(seen, name, index),
  })
  switch (one.kind) {
    case 'put':
      return put(store, one.at, noise(one.size, one.seed))
    case 'upload': {
      const upload = await UploadClient.start(store, one.at)
      return upload.complete([await upload.part(1, noise(150, one.seed))])
    }
    case 'delete':
      return store.deleteObject({ ...named(one.at, null), conditions: {} })
    case 'delete-version':
      return store.deleteObject({ ...named(one.at, one.pick), conditions: {} })
    case 'delete-many':
      return store.deleteObjects(
        bucket,
        one.picks.map(([name, index]) => named(name, index)),
      )
    case 'copy':
      return copy(store, one.from, one.at, {
        source: { ...named(one.from, one.pick), conditions: {} },
      })
    case 'tag':
      return store.putObjectTags(named(one.at, one.pick), [{ key: one.tag, value: '' }])
    case 'set':
      return store.putBucketVersioning(bucket, one.versioning)
    case 'delete-bucket':
      return store.deleteBucket(bucket)
    case 'look':
      return store.listObjectVersions({
        bucket,
        prefix: one.prefix,
        delimiter: one.delimiter,
        afterKey: '',
        afterVersion: null,
        limit: one.limit,
      })
  }
}
