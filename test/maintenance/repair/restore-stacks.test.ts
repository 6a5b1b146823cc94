import { describe, expect, it } from 'vitest'
import { Draft } from '../../../src/maintenance/repair/draft.ts'
import type { RepairAction } from '../../../src/maintenance/repair/repair-context.ts'
import { restoreStacks } from '../../../src/maintenance/repair/restore-stacks.ts'
import { versionOf } from '../../../src/store/find-version.ts'
import { objectKey, spaces, stackKey } from '../../../src/store/rows/keys.ts'
import { decodeStack, encodeStack } from '../../../src/store/rows/stack-row.ts'
import { openMemoryStore } from '../../store/memory-subject.ts'
import { bucket, put, remove } from '../../store/store-requests.ts'

const current = objectKey(1, 'a')
const stack = stackKey(1, 'a')

describe('repair of version stacks', () => {
  it('leaves what is right as it is', async () => {
    const { draft, actions } = await draftOf(['1', '2', null, '3'])
    expect(actions).toEqual([])
    expect(draft.changes()).toEqual({ puts: [], deletes: [], adds: [] })
  })

  it('makes the newest version that is left current where the current one is lost', async () => {
    const { draft, actions } = await draftOf(['1', '2', '3'], (made) => made.set(current, null))
    const left = draft.rows(spaces.history)
    expect(left).toHaveLength(1)
    const newest = versionOf(draft.get(current)!)
    expect(Buffer.compare(newest.id, versionOf(left[0]!.value).id)).toBe(1)
    expect(decodeStack(draft.get(stack)!)).toEqual({ count: 1, nullId: null, markerId: null })
    expect(actions.map(({ action }) => action)).toEqual(['mended', 'mended'])
  })

  it('leaves a delete marker where it is, and says that it is current', async () => {
    const { draft } = await draftOf(['1', null, '2'], (made) => made.set(current, null))
    expect(draft.get(current)).toBeNull()
    const [marker] = draft.rows(spaces.history)
    const markerId = versionOf(marker!.value).id
    expect(decodeStack(draft.get(stack)!)).toEqual({ count: 2, nullId: null, markerId })
  })

  it('counts anew, and knows the null version', async () => {
    const wrong = encodeStack({ count: 7, nullId: null, markerId: null })
    const { draft } = await draftOf(['before', '1', '2'], (made) => made.set(stack, wrong))
    expect(decodeStack(draft.get(stack)!)).toEqual({
      count: 2,
      nullId: Buffer.alloc(16),
      markerId: null,
    })
  })

  it('drops a stack row of no versions', async () => {
    const { draft } = await draftOf(['1', '2'], async (made) => {
      for (const { key } of made.rows(spaces.history)) await made.set(key, null)
    })
    expect(draft.get(stack)).toBeNull()
  })
})

/** The rows of a key to which this was written, null a delete, then damaged and mended. */
async function draftOf(
  texts: readonly (string | null)[],
  damage: (draft: Draft) => Promise<void> = async () => {},
) {
  const { store, catalog } = await openMemoryStore()
  await store.createBucket(bucket, { region: 'x' })
  if (texts[0] === 'before') await put(store, 'a', 'before')
  await store.putBucketVersioning(bucket, 'enabled')
  for (const text of texts.filter((each) => each !== 'before')) {
    if (text === null) await remove(store, 'a')
    else await put(store, 'a', text)
  }
  const draft = new Draft(catalog)
  await damage(draft)
  const actions: RepairAction[] = []
  await restoreStacks({ draft, actions })
  return { draft, actions }
}
