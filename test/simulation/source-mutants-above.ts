import type { SourceMutant } from './source-mutant.ts'

/** Mistakes in the catalog and in the store. */
export const mutantsAbove: readonly SourceMutant[] = [
  {
    name: 'counts a group of which an attachment is torn',
    file: 'catalog/journal/journal-reader.ts',
    find: '    if (damage === null) yield* this.#accept(group)',
    replace: '    if (damage === null || this.#mayBeTorn) yield* this.#accept(group)',
    caughtBy: 'commits',
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
  {
    name: 'removes what it has replaced before that is durable',
    file: 'store/compaction/compaction.ts',
    find: '      await catalog.commit({ puts: [...lineage, ...puts], deletes, adds })\n',
    replace:
      '      catalog.commit({ puts: [...lineage, ...puts], deletes, adds }).catch(() => {})\n',
    caughtBy: 'crashes',
  },
  {
    name: 'lets go of the bytes it has moved, and goes on naming them',
    file: 'store/move-object.ts',
    find: '      ...(rewritten !== null && takeOver(change, rewritten)),\n',
    replace: '',
    caughtBy: 'crashes',
  },
  {
    name: 'moves bytes, and forgets the class for which it did',
    file: 'store/move-object.ts',
    find: '      storageClass: wanted,',
    replace: '      storageClass: now.storageClass,',
    caughtBy: 'crashes',
  },
  {
    name: 'never takes small bodies to the tier that they wait for',
    file: 'store/tiering/pending-moves.ts',
    find: '      if (bucket !== undefined) {',
    replace: '      if (bucket === undefined) {',
    caughtBy: 'crashes',
  },
]
