/**
 * Walks an index whole. LMDB has no checksums of its pages: every value carries one of its own,
 * which tells a wrong value, and not a page that has dropped out of the tree or a key that a search
 * goes past. So keys are counted against the index's own count, must be in order, and be found.
 */
import { nextTurn } from '../base/next-turn.ts'
import { CatalogError } from './errors.ts'
import { everyKey, type KvView } from './kv/ordered-kv.ts'

/** Entries between two turns of the event loop: about a millisecond of work. */
const STEP_COUNT = 200

/**
 * Resolves with the number of entries. Lets the event loop run between small steps.
 *
 * @throws CatalogError `corruption`; the signal's reason
 */
export async function checkIndex(view: KvView, signal: AbortSignal): Promise<number> {
  let last: Buffer | null = null
  let count = 0
  for (const { key, value } of view.range(everyKey)) {
    if (last !== null && Buffer.compare(last, key) >= 0) throw damaged('keys are not in order')
    if (view.get(key)?.equals(value) !== true) throw damaged('a key is not found')
    last = key
    if (++count % STEP_COUNT !== 0) continue
    await nextTurn()
    signal.throwIfAborted()
  }
  if (count !== view.entryCount) throw damaged(`${count} entries of ${view.entryCount}`)
  return count
}

function damaged(what: string): CatalogError {
  return new CatalogError('corruption', `the index is damaged: ${what}`)
}
