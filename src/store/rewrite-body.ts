/**
 * Writes the bytes of an object anew, into another tier: the same parts, each a blob of its own.
 * The new blobs are durable when this resolves, and nothing names them until a change takes them
 * over.
 */
import type { BlobRef, BlobRemains } from '../engine/blob-store.ts'
import type { Place, Tier } from '../segment/types.ts'
import { partsOf, putParts } from './body-parts.ts'
import type { Change } from './change.ts'
import { commit } from './commit.ts'
import { StoreError } from './errors.ts'
import { markGarbage } from './garbage.ts'
import { openBody } from './open-body.ts'
import { storedSizeOf } from './rows/blob-ref-field.ts'
import type { InlineBody, ObjectFields } from './rows/object-row.ts'
import type { BodyPart } from './rows/part-list-row.ts'
import type { MovingContext } from './store-context.ts'

export interface RewriteOrder {
  readonly tier: Tier
  /** Kept beside each blob. */
  readonly label: (part: BodyPart | null) => Uint8Array
  readonly signal: AbortSignal
}

/** A body that lies in two places; the second is nobody's yet. */
export interface RewrittenBody {
  /** Id of the body that was read. */
  readonly source: Place
  readonly bodyId: Place
  readonly tier: Tier
  readonly storedSize: number
  readonly refs: readonly BlobRef[]
  /** Null for an object that was not uploaded in parts. */
  readonly parts: readonly BodyPart[] | null
}

/**
 * Of an object that has bytes. To be called in the synchronous run that read its row. What was
 * written before it rejects is written down as garbage.
 */
export async function rewriteBody(
  context: MovingContext,
  object: ObjectFields,
  order: RewriteOrder,
): Promise<RewrittenBody> {
  const { body, bodyId: source } = object
  const parts = body.kind === 'blob' ? null : partsOf(context.catalog, object)
  const refs: BlobRef[] = []
  const remains: BlobRemains[] = []
  const onRemains = (left: BlobRemains) => void remains.push(left)
  // From the first part to the last: files of the old blobs stay while any is still to be read.
  const leave = context.readers.enter()
  try {
    if (body.kind === 'blob') {
      refs.push(await rewriteBlob(context, body.ref, { order, part: null, onRemains }))
    }
    const rewritten: BodyPart[] = []
    for (const part of parts ?? []) {
      const ref = part.ref && (await rewriteBlob(context, part.ref, { order, part, onRemains }))
      if (ref !== null) refs.push(ref)
      rewritten.push({ ...part, ref })
    }
    const bodyId = refs[0]?.blob
    if (source === null || bodyId === undefined) throw new StoreError('corruption', 'no bytes')
    const storedSize = refs.reduce((sum, ref) => sum + storedSizeOf(ref), 0)
    const { tier } = order
    return { source, bodyId, tier, storedSize, refs, parts: parts === null ? null : rewritten }
  } catch (error) {
    await leaveGarbage(context, [...refs, ...remains])
    throw error
  } finally {
    leave()
  }
}

/** The fields of an object whose body is now the rewritten one, and no other's. */
export function takeOver(
  change: Change,
  { bodyId, tier, storedSize, refs, parts }: RewrittenBody,
): Pick<ObjectFields, 'body' | 'bodyId' | 'tier' | 'storedSize' | 'hasPartList' | 'isShared'> {
  const ref = refs[0]!
  const body: InlineBody = parts === null ? { kind: 'blob', ref } : putParts(change, bodyId, parts)
  const hasPartList = body.kind === 'part-list'
  return { body, bodyId, tier, storedSize, hasPartList, isShared: false }
}

/** Best effort: when even this cannot be committed, a check of the store finds the bytes later. */
export async function leaveGarbage(
  context: MovingContext,
  refs: readonly BlobRemains[],
): Promise<void> {
  if (refs.length === 0) return
  try {
    await commit(context.catalog, (change) => {
      change.freesSpace()
      for (const ref of refs) markGarbage(change, ref)
    })
  } catch {
    // The caller's own error says why the catalog takes nothing.
  }
}

async function rewriteBlob(
  context: MovingContext,
  ref: BlobRef,
  one: {
    readonly order: RewriteOrder
    readonly part: BodyPart | null
    readonly onRemains: (remains: BlobRemains) => void
  },
): Promise<BlobRef> {
  const { order, part, onRemains } = one
  const { tier, signal } = order
  const slice = { ref, range: { start: 0, end: ref.size } }
  const bytes = await openBody(context, [slice], signal)
  try {
    return await context.engine.append(bytes, { label: order.label(part), tier, signal, onRemains })
  } finally {
    await bytes.return?.()
  }
}
