import type { SourceMutant } from './source-mutant.ts'

/** Mistakes in the catalog and in the store. */
export const mutantsAbove: readonly SourceMutant[] = [
  {
    name: 'counts a group of which an attachment is torn',
    file: 'catalog/journal/journal-reader.ts',
    find: '    if (damage === null) yield* this.#accept(group)',
    replace: '    if (damage === null || this.#mayBeTorn) yield* this.#accept(group)',
    caughtBy: 'crashes',
  },
  {
    name: 'replays commits that the index has already',
    file: 'catalog/recovery.ts',
    find: 'readJournal(segments, index.position ?? journalStart)',
    replace: 'readJournal(segments, journalStart)',
    caughtBy: 'crashes',
  },
  {
    name: 'syncs what a kill left without writing it again',
    file: 'segment/local-segments.ts',
    find: '      await rewriteTail(handle, durableEnd)\n',
    replace: '      if (durableEnd < 0) await rewriteTail(handle, durableEnd)\n',
    caughtBy: 'faults',
  },
  {
    name: 'publishes a snapshot that is not synced',
    file: 'segment/local-segments.ts',
    find: '    await own.sync()\n    const { fs }',
    replace: '    await own.write()\n    const { fs }',
    caughtBy: 'traces',
  },
  {
    name: 'removes a compacted segment whose flip it cannot find, whatever is in it',
    file: 'store/compaction/settle-segments.ts',
    find: '    if (await isRedundant(segments, orphan.id, others))',
    replace: '    if (others.length >= 0)',
    caughtBy: 'damage',
  },
]
