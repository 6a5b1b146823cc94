/**
 * The one place that decides the order of a write: blobs durable, then the catalog commit, then the
 * reply. A small blob rides in the commit itself.
 *
 * Changes are optimistic: `build` looks at the newest rows through a `Change`, which turns every
 * look into a check of the commit. When a check fails, or when `build` refuses on the strength of a
 * row that is not durable yet, it is asked again; so a refusal never rests on a write that a crash
 * could still undo. Nor does it, or the answer that there is nothing to do, rest on the failure of
 * a write that a crash could still bring back: then an empty commit makes that failure final first.
 */
import type { Catalog } from '../catalog/catalog.ts'
import type { BlobRef, BlobRemains, BlobStore } from '../engine/blob-store.ts'
import type { Place } from '../segment/types.ts'
import { Change } from './change.ts'
import { StoreError } from './errors.ts'
import { markGarbage } from './garbage.ts'
import { type BodyIntake, type StoredBody, storeBody } from './store-body.ts'
import type { StoreContext } from './store-context.ts'

/** Looks at the rows before a change is given up. Each lost round is another writer's success. */
const ATTEMPTS_MAX = 1000

/**
 * Commits what `build` asks for and resolves with its result once that is durable. `build` may run
 * several times; it may throw StoreError to refuse. Asking for nothing is allowed.
 */
export async function commit<Result>(
  catalog: Catalog,
  build: (change: Change) => Result,
): Promise<Result> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const change = new Change(catalog)
    const built = tryBuild(change, build)
    if (built.outcome === 'refused' || change.isEmpty) {
      if (change.sawPending) await catalog.settled()
      else if (catalog.isInDoubt) await catalog.commit({})
      else if (built.outcome === 'refused') throw built.error
      else return built.result
      continue
    }
    if ((await catalog.commit(change.batch())).committed) return built.result
  }
  throw new StoreError('conflict', 'lost against concurrent writes too many times')
}

/**
 * Stores a body and commits what names it. When the body is cut off, or the commit is refused or
 * fails, the bytes that are already durable are written down as garbage, and the error is rethrown.
 */
export async function commitBody<Result>(
  context: StoreContext,
  intake: BodyIntake,
  build: (change: Change, stored: StoredBody) => Result,
): Promise<Result> {
  let remains = null as BlobRemains | null
  try {
    const stored = await storeBody(context, intake, (left) => {
      remains = left
    })
    remains = stored.ref
    return await commit(context.catalog, (change) => build(change, stored))
  } catch (error) {
    if (remains !== null) await leaveGarbage(context, remains)
    throw error
  }
}

/** The reference of a stored body, known for a small one once the commit has placed it. */
export function attachBody(
  change: Change,
  engine: BlobStore,
  stored: StoredBody,
): (places: readonly Place[]) => BlobRef | null {
  const { small } = stored
  if (small === null) return () => stored.ref
  const index = change.attach(small)
  return (places) => engine.smallRef(small, places[index]!)
}

type Built<Result> =
  | { readonly outcome: 'built'; readonly result: Result }
  | { readonly outcome: 'refused'; readonly error: StoreError }

function tryBuild<Result>(change: Change, build: (change: Change) => Result): Built<Result> {
  try {
    return { outcome: 'built', result: build(change) }
  } catch (error) {
    if (error instanceof StoreError) return { outcome: 'refused', error }
    throw error
  }
}

/** Best effort: when even this cannot be committed, a check of the store finds the bytes later. */
async function leaveGarbage(context: StoreContext, ref: BlobRemains): Promise<void> {
  try {
    await commit(context.catalog, (change) => {
      change.freesSpace()
      markGarbage(change, ref)
    })
  } catch {
    // The caller's own error says why the catalog takes nothing.
  }
}
