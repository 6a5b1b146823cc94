/**
 * Takes small bodies, which rode in their commit, to the tier of their class. Resumable: a body
 * that was not taken yet has its row, and a row whose body is where it belongs, or gone, goes.
 */
import type { Catalog } from '../../catalog/catalog.ts'
import type { BucketName } from '../../model/bucket-name.ts'
import type { ObjectKey } from '../../model/object-key.ts'
import type { Change } from '../change.ts'
import { commit } from '../commit.ts'
import { moveVersion, rowAt } from '../move-object.ts'
import { tierOf } from '../placement.ts'
import { decodeBucket } from '../rows/bucket-row.ts'
import { bucketOfKey, nameOfObject, objectOfPendingMove, spaceRange, spaces } from '../rows/keys.ts'
import { decodeObjectHead } from '../rows/object-row.ts'
import { requirePendingMove } from '../rows/pending-move-row.ts'
import type { MovingContext } from '../store-context.ts'
import type { TieringListener } from './events.ts'

/** Rows looked at in one step. */
const PAGE_COUNT = 256
/** Enough to share syncs. */
const MOVES_AT_A_TIME = 8

export class PendingMoves {
  readonly #context: MovingContext
  readonly #emit: TieringListener
  /** Behind it the next page begins; null: at the first row. */
  #cursor: Buffer | null = null

  constructor(context: MovingContext, emit: TieringListener) {
    this.#context = context
    this.#emit = emit
  }

  /**
   * Moves a page of bodies. Resolves with how many rows were dealt with; what fails is told to the
   * listener and comes again once all others had their turn.
   *
   * @throws the signal's reason, once aborted
   */
  async step(signal: AbortSignal): Promise<number> {
    const keys = this.#nextPage()
    if (keys.length === 0) return 0
    const names = bucketNames(this.#context.catalog)
    const queue = keys.values()
    let doneCount = 0
    const moveNext = async () => {
      for (const key of queue) if (await this.#move(key, names, signal)) doneCount += 1
    }
    const workers = Array.from({ length: MOVES_AT_A_TIME }, moveNext)
    for (const outcome of await Promise.allSettled(workers)) {
      if (outcome.status === 'rejected') throw outcome.reason
    }
    return doneCount
  }

  #nextPage(): readonly Buffer[] {
    const { start, end } = spaceRange(spaces.pendingMove)
    const from = this.#cursor === null ? start : Buffer.concat([this.#cursor, Buffer.from([0])])
    const keys: Buffer[] = []
    for (const { key, value } of this.#context.catalog.range({ start: from, end })) {
      requirePendingMove(value)
      keys.push(Buffer.from(key))
      if (keys.length === PAGE_COUNT) break
    }
    this.#cursor = keys.length === PAGE_COUNT ? (keys.at(-1) ?? null) : null
    return keys
  }

  async #move(
    key: Buffer,
    names: ReadonlyMap<number, BucketName>,
    signal: AbortSignal,
  ): Promise<boolean> {
    signal.throwIfAborted()
    const rowKey = objectOfPendingMove(key)
    const bucketId = rowKey.readUInt32BE(1)
    const bucket = names.get(bucketId)
    const name = nameOfObject(rowKey).toString('utf8') as ObjectKey
    try {
      if (bucket !== undefined) {
        const find = (read: (key: Buffer) => Buffer | null) => rowAt(rowKey, read(rowKey))
        const named = { bucket, key: name }
        await moveVersion(this.#context, { bucketId, find, storageClass: null, named, signal })
      }
      return await commit(this.#context.catalog, (change) => this.#forget(change, key, rowKey))
    } catch (cause) {
      if (signal.aborted) throw cause
      this.#emit({ event: 'object-move-failed', bucket: bucket ?? null, key: name, cause })
      return false
    }
  }

  /** What took the object's place meanwhile may be waiting as well: its row is this one. */
  #forget(change: Change, key: Buffer, rowKey: Buffer): boolean {
    if (change.read(key) === null) return true
    const row = change.read(rowKey)
    if (row !== null && isMisplaced(this.#context, row)) return false
    change.delete(key)
    return true
  }
}

function isMisplaced({ engine }: MovingContext, row: Buffer): boolean {
  const { bodyId, storageClass, tier } = decodeObjectHead(row)
  return bodyId !== null && tierOf(storageClass, engine.tiers) !== tier
}

function bucketNames(catalog: Catalog): ReadonlyMap<number, BucketName> {
  const names = new Map<number, BucketName>()
  for (const { key, value } of catalog.range(spaceRange(spaces.bucket))) {
    names.set(decodeBucket(value).id, bucketOfKey(key))
  }
  return names
}
