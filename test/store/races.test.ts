/** What happens between a commit and its sync: nothing that a crash could undo is ever answered. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CatalogError } from '../../src/catalog/errors.ts'
import type { PartInfo } from '../../src/store/object-store.ts'
import { type MemorySubject, openMemoryStore } from './memory-subject.ts'
import {
  bucket,
  copy,
  failure,
  get,
  keysOf,
  noise,
  put,
  remove,
  UploadClient,
} from './store-requests.ts'

const broken = new CatalogError('unavailable', 'sync failed')

describe('while a put is not durable', () => {
  it('If-None-Match: * waits for it before it refuses', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const first = await held(subject, () => put(store, 'a', 'first'))
    const second = watched(put(store, 'a', 'second', { conditions: { ifNoneMatch: '*' } }))
    await idle()
    expect(second.outcome).toBe('waiting')
    catalog.release()
    expect(await first.done).toBe('succeeded')
    expect(await second.done).toBe('precondition-failed')
    await subject.audit()
  })

  it('If-None-Match: * succeeds when the other write comes to nothing', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const first = await held(subject, () => put(store, 'a', noise(20)))
    const second = watched(put(store, 'a', 'second', { conditions: { ifNoneMatch: '*' } }))
    await idle()
    await catalog.breakDown(broken)
    expect(await first.done).toBe('unavailable')
    expect(await second.done).toBe('succeeded')
    expect((await get(store, 'a')).toString()).toBe('second')
  })

  it('reads and listings show what was there before', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    await put(store, 'a', 'before')
    const writing = await held(subject, () => put(store, 'a', 'after'))
    const more = watched(put(store, 'b', 'new'))
    await idle()
    expect((await get(store, 'a')).toString()).toBe('before')
    expect(await keysOf(store)).toEqual(['a'])
    expect(await failure(get(store, 'b'))).toBe('no-such-key')
    catalog.release()
    await writing.done
    await more.done
    expect(await keysOf(store)).toEqual(['a', 'b'])
  })

  it('its bucket is not deleted', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const writing = await held(subject, () => put(store, 'a', 'x'))
    const deleting = watched(store.deleteBucket(bucket))
    await idle()
    expect(deleting.outcome).toBe('waiting')
    catalog.release()
    await writing.done
    expect(await deleting.done).toBe('bucket-not-empty')
    await subject.audit()
  })

  it('its bucket is deleted when the put comes to nothing', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const writing = await held(subject, () => put(store, 'a', 'x'))
    const deleting = watched(store.deleteBucket(bucket))
    await idle()
    await catalog.breakDown(broken)
    expect(await writing.done).toBe('unavailable')
    expect(await deleting.done).toBe('succeeded')
  })
})

describe('while a delete is not durable', () => {
  it('another delete does not answer before it', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    await put(store, 'a', 'x')
    const first = await held(subject, () => remove(store, 'a'))
    const second = watched(remove(store, 'a'))
    await idle()
    expect(second.outcome).toBe('waiting')
    await catalog.breakDown(broken)
    expect(await first.done).toBe('unavailable')
    // The first delete never was, so the second one had work to do, and did it.
    expect(await second.done).toBe('succeeded')
    expect(await keysOf(store)).toEqual([])
    await subject.audit()
  })

  it('a copy of the object waits to hear whether there is one', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    await put(store, 'a', noise(100_000))
    const deleting = await held(subject, () => remove(store, 'a'))
    const copying = watched(copy(store, 'a', 'b'))
    await idle()
    expect(copying.outcome).toBe('waiting')
    catalog.release()
    await deleting.done
    expect(await copying.done).toBe('no-such-key')
    await subject.audit()
  })
})

describe('while a bucket is being deleted', () => {
  it('a put into it waits to hear whether there is one', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const deleting = await held(subject, () => store.deleteBucket(bucket))
    const putting = watched(put(store, 'a', 'x'))
    await idle()
    expect(putting.outcome).toBe('waiting')
    catalog.release()
    expect(await deleting.done).toBe('succeeded')
    expect(await putting.done).toBe('no-such-bucket')
    await subject.audit()
  })
})

describe('while a part is not durable', () => {
  it.each(['complete', 'abort'] as const)('%s overlooks no part', async (end) => {
    const subject = await opened()
    const { store, catalog } = subject
    const upload = await UploadClient.start(store, 'a')
    const part = await upload.part(1, noise(100_000))
    const late = await held(subject, () => upload.part(2, noise(70_000)))
    const ending = watched<unknown>(end === 'abort' ? upload.abort() : upload.complete([part]))
    await idle()
    catalog.release()
    expect(await late.done).toBe('succeeded')
    expect(await ending.done).toBe('succeeded')
    await subject.audit()
  })

  it('a part of the same number takes its place, and nothing is lost', async () => {
    const subject = await opened()
    const { store, catalog } = subject
    const upload = await UploadClient.start(store, 'a')
    const first = await held(subject, () => upload.part(1, noise(100_000, 1)))
    const second = watched(upload.part(1, noise(100_000, 2)))
    await idle()
    catalog.release()
    expect([await first.done, await second.done]).toEqual(['succeeded', 'succeeded'])
    await subject.audit()
  })
})

describe('while an object of many parts is not durable', () => {
  it.each(['put', 'remove', 'copy'] as const)('%s over it frees all its parts', async (over) => {
    const subject = await opened()
    const { store, catalog } = subject
    await put(store, 'other', 'x')
    const upload = await UploadClient.start(store, 'a')
    const parts: PartInfo[] = []
    for (let number = 1; number <= 9; number++) parts.push(await upload.part(number, 'x'))
    const completing = await held(subject, () => upload.complete(parts))
    const action = {
      put: () => put(store, 'a', 'y'),
      remove: () => remove(store, 'a'),
      copy: () => copy(store, 'other', 'a'),
    }
    const replacing = watched<unknown>(action[over]())
    await idle()
    catalog.release()
    expect([await completing.done, await replacing.done]).toEqual(['succeeded', 'succeeded'])
    await subject.audit()
  })
})

describe('while a copy reads its source for another checksum', () => {
  it('the source may be replaced: bytes and checksum of the copy still agree', async () => {
    const { store, engine, audit } = await opened()
    await put(store, 'a', noise(200_000, 1))
    engine.beforeRead = () => put(store, 'a', noise(200_000, 2))
    const { checksum } = await copy(store, 'a', 'b', { checksumAlgorithm: 'SHA256' })
    const copied = await get(store, 'b')
    expect(copied.equals(noise(200_000, 2))).toBe(true)
    expect(checksum?.value).toBe(createHash('sha256').update(copied).digest('base64'))
    await audit()
  })

  it('a source that is replaced each time is a conflict', async () => {
    const { store, engine, audit } = await opened()
    await put(store, 'a', noise(200_000, 0))
    let replaced = 0
    const replace = async () => {
      replaced += 1
      await put(store, 'a', noise(200_000, replaced))
      engine.beforeRead = replace
    }
    engine.beforeRead = replace
    expect(await failure(copy(store, 'a', 'b', { checksumAlgorithm: 'SHA256' }))).toBe('conflict')
    expect(await keysOf(store)).toEqual(['a'])
    await audit()
  })
})

async function opened(): Promise<MemorySubject> {
  const subject = await openMemoryStore({ partSizeMin: 1 })
  await subject.store.createBucket(bucket, { region: 'x' })
  return subject
}

/** Starts a write and returns once its commit is pending, which it stays. */
async function held(subject: MemorySubject, start: () => Promise<unknown>): Promise<Watched> {
  const { catalog } = subject
  await catalog.settled()
  catalog.hold()
  const { commits } = catalog
  const write = watched(start())
  while (catalog.commits === commits) await idle()
  return write
}

interface Watched {
  readonly outcome: string
  readonly done: Promise<string>
}

function watched<Result>(promise: Promise<Result>): Watched {
  const state = { outcome: 'waiting', done: Promise.resolve('') }
  state.done = failure(promise).then((outcome) => {
    state.outcome = outcome
    return outcome
  })
  return state
}

/** Lets everything run that can. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
