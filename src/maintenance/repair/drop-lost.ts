/** Lets go of what is provably gone: rows that do not decode, and bodies whose bytes are lost. */
import type { Entry } from '../../catalog/catalog.ts'
import type { BlobRef } from '../../engine/blob-store.ts'
import { decodeBucket } from '../../store/rows/bucket-row.ts'
import { bucketOfKey, nameOfHistory, nameOfObject, spaces } from '../../store/rows/keys.ts'
import { decodeMarker, isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject } from '../../store/rows/object-row.ts'
import { decodePart } from '../../store/rows/part-row.ts'
import { decodeUpload } from '../../store/rows/upload-row.ts'
import { whyBroken } from './found-blobs.ts'
import { type RepairContext, reasonOf, refsOfObject } from './repair-context.ts'

export async function dropLost(context: RepairContext): Promise<void> {
  const { draft } = context
  const names = new Map<number, string>()
  for (const { key, value } of draft.rows(spaces.bucket)) {
    try {
      names.set(decodeBucket(value).id, bucketOfKey(key))
    } catch (error) {
      await drop(context, key, { what: `bucket ${bucketOfKey(key)}`, why: reasonOf(error) })
    }
  }
  const pathOf = (key: Buffer, name: Buffer) => {
    const id = key.readUInt32BE(1)
    return `${names.get(id) ?? `bucket ${id}`}/${name.toString()}`
  }
  for (const { key, value } of draft.rows(spaces.object)) {
    const why = whyLost(context, () => refsOfObject(draft, decodeObject(value)))
    if (why !== null) await drop(context, key, { what: pathOf(key, nameOfObject(key)), why })
  }
  for (const entry of draft.rows(spaces.history)) {
    const why = whyLost(context, () => olderRefs(context, entry))
    if (why === null) continue
    const what = `an older version of ${pathOf(entry.key, nameOfHistory(entry.key))}`
    await drop(context, entry.key, { what, why })
  }
  for (const { key, value } of draft.rows(spaces.part)) {
    const why = whyLost(context, () => {
      const { ref } = decodePart(value)
      return ref === null ? [] : [ref]
    })
    const what = `part ${key.readUInt16BE(17)} of upload ${key.toString('hex', 1, 17)}`
    if (why !== null) await drop(context, key, { what, why })
  }
  for (const { key, value } of draft.rows(spaces.upload)) {
    const why = whyLost(context, () => {
      decodeUpload(value)
      return []
    })
    if (why !== null) await drop(context, key, { what: 'an upload in progress', why })
  }
}

function olderRefs({ draft }: RepairContext, { value }: Entry): readonly BlobRef[] {
  if (!isMarker(value)) return refsOfObject(draft, decodeObject(value))
  decodeMarker(value)
  return []
}

/** Null when all of it is there. */
function whyLost(
  { found, family }: RepairContext,
  refsOf: () => readonly BlobRef[],
): string | null {
  try {
    for (const ref of refsOf()) {
      const why = whyBroken(ref, found.table, family)
      if (why !== null) return why
    }
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

async function drop(
  { draft, actions }: RepairContext,
  key: Buffer,
  { what, why }: { readonly what: string; readonly why: string },
): Promise<void> {
  await draft.set(key, null)
  actions.push({ action: 'dropped', what, why })
}
