import type { ObjectStore } from '../../src/store/object-store.ts'
import { bytesOf } from './body.ts'
import { perform } from './perform.ts'
import { ReferenceModel } from './reference-model.ts'
import { type BucketState, readState, type StoreState } from './store-state.ts'

const BUCKET = 'probe'

/** Sizes of a body in the journal, and of one in data segments. */
const sizes = [100, 3000]

/** Writes a bucket and objects of its own to a store that was just opened. */
export async function probe(store: ObjectStore, seed: number): Promise<void> {
  const model = new ReferenceModel()
  await perform(store, { kind: 'create-bucket', bucket: BUCKET }, model)
  for (const size of sizes) {
    const body = { seed, size }
    const put = { kind: 'put', bucket: BUCKET, key: `k${size}`, body, mark: 'probe' } as const
    await perform(store, put, model)
  }
}

/** The state of a store without what `probe` wrote, which must all be there. */
export async function withoutProbe(store: ObjectStore, seed: number): Promise<StoreState> {
  const state = new Map<string, BucketState>(await readState(store))
  const found = state.get(BUCKET)
  for (const size of sizes) {
    const content = found?.objects.get(`k${size}`)?.content
    if (content?.equals(bytesOf({ seed, size })) !== true) {
      throw new Error(`what was written after recovery is lost: ${size} bytes`)
    }
  }
  state.delete(BUCKET)
  return state
}
