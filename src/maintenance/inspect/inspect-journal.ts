/** The journal as it would be read at a start: which commits count, in their order. */
import type { CommitItem } from '../../catalog/journal/commit-record.ts'
import { readJournal } from '../../catalog/journal/journal-reader.ts'
import { ScratchFileSystem } from '../../platform/scratch-fs.ts'
import { journalBegin } from '../check/check-journal.ts'
import type { StoreGround } from '../store-ground.ts'
import { holdStore } from '../view/store-view.ts'
import { describeRow } from './describe-row.ts'
import { type Item, type PlainFields, plainFields } from './plain.ts'

export interface JournalInspection {
  /** The first commit that is told. */
  readonly since: number
  /** The last one. */
  readonly until: number
}

/** @throws MaintenanceError `unusable` */
export async function* inspectJournal(
  ground: StoreGround,
  { since, until }: JournalInspection,
): AsyncGenerator<Item> {
  await using held = await holdStore(ground, { serving: 'allowed' })
  await using scratch = new ScratchFileSystem(held.fileSystem)
  await using segments = await ground.openSegments(scratch, held.storeId)
  for await (const step of readJournal(segments, journalBegin(segments))) {
    if (step.step !== 'group') {
      const { segment, offset, field } = step.finding
      yield { what: 'damage', offset, fields: { segment }, damage: field }
      continue
    }
    const { commit, end } = step
    if (commit.firstSequence > until) return
    for (const [index, item] of commit.items.entries()) {
      const sequence = commit.firstSequence + index
      if (sequence < since || sequence > until) continue
      const committedAt = new Date(commit.committedAt).toISOString()
      const fields = { sequence, segment: end.segment, committedAt, ...itemFields(item) }
      yield { what: 'commit', offset: end.recordOffset, fields, damage: null }
    }
  }
}

/** One commit, with its rows in words. */
export function itemFields({ puts, deletes, adds }: CommitItem): PlainFields {
  const row = (key: Uint8Array, value: Uint8Array | null) =>
    plainFields(describeRow(Buffer.from(key), value === null ? null : Buffer.from(value)))
  return {
    puts: puts.map(({ key, value }) => row(key, value)),
    deletes: deletes.map((key) => row(key, null)),
    adds: adds.map(({ key, delta }) => ({ ...row(key, null), delta })),
  }
}
