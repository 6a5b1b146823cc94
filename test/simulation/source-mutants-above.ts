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
    name: 'does not sync the folder in which a snapshot got its name',
    file: 'segment/local-segments.ts',
    find: '    await fs.rename(segment.path, path)\n    await fs.syncDirectory(folder)\n',
    replace: '    await fs.rename(segment.path, path)\n',
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
