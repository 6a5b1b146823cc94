/** Makes versions hang together again: what is current, and what lies below it. */
import { nameOfHistory, spaces, stackKey } from '../../store/rows/keys.ts'
import { decodeMarker, isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject } from '../../store/rows/object-row.ts'
import { encodeStack, type StackFields } from '../../store/rows/stack-row.ts'
import type { RepairContext } from './repair-context.ts'

type StackContext = Pick<RepairContext, 'draft' | 'actions'>

export async function restoreStacks(context: StackContext): Promise<void> {
  await uncover(context)
  await recountStacks(context)
}

/** Where the current version is lost, the newest that is left is current; a marker stays below. */
async function uncover({ draft, actions }: StackContext): Promise<void> {
  let previous = null as Buffer | null
  // Newest first under each name.
  for (const { key, value } of draft.rows(spaces.history)) {
    const current = currentKey(key)
    const isNewest = previous?.equals(current) !== true
    previous = current
    if (!isNewest || isMarker(value) || draft.get(current) !== null) continue
    await draft.set(current, value)
    await draft.set(key, null)
    const what = `the newest version that is left of ${nameOfHistory(key).toString()}`
    actions.push({ action: 'mended', what, why: 'the current one is lost: it takes its place' })
  }
}

/** A stack says how many older versions its key has, and which of them is special. */
async function recountStacks({ draft, actions }: StackContext): Promise<void> {
  const stacks = new Map<string, { readonly key: Buffer; readonly fields: StackFields }>()
  for (const { key, value } of draft.rows(spaces.history)) {
    const row = stackKey(key.readUInt32BE(1), nameOfHistory(key).toString())
    const before = stacks.get(row.toString('latin1'))?.fields ?? null
    const { version } = isMarker(value) ? decodeMarker(value) : decodeObject(value)
    const isCurrent = before === null && draft.get(currentKey(key)) === null
    const fields = {
      count: (before?.count ?? 0) + 1,
      nullId: version.isNull ? Buffer.from(version.id) : (before?.nullId ?? null),
      markerId: isCurrent ? Buffer.from(version.id) : (before?.markerId ?? null),
    }
    stacks.set(row.toString('latin1'), { key: row, fields })
  }
  for (const { key } of draft.rows(spaces.stack)) {
    if (!stacks.has(key.toString('latin1'))) await draft.set(key, null)
  }
  for (const { key, fields } of stacks.values()) {
    const row = encodeStack(fields)
    if (draft.get(key)?.equals(row) === true) continue
    await draft.set(key, row)
    const why = 'it did not say what there is'
    actions.push({ action: 'mended', what: 'a stack of versions', why })
  }
}

/** Of the current object of the name that a row of an older version has. */
function currentKey(key: Buffer): Buffer {
  const row = stackKey(key.readUInt32BE(1), nameOfHistory(key).toString())
  row[0] = spaces.object
  return row
}
