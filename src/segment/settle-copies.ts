/**
 * At start, makes the copies of all segment files alike, where there are several. A power loss
 * leaves other parts of what was not synced on each disk; only files that are not whole everywhere
 * are read.
 */
import type { FileSystem } from '../platform/file-system.ts'
import type { Mirror } from '../platform/mirror/mirrored-file-system.ts'
import { SegmentCopies } from './segment-copies.ts'
import { idOfName, isSnapshotName, UNFINISHED_SUFFIX } from './segment-names.ts'
import type { SegmentFolders } from './tier-directories.ts'
import type { SegmentKind } from './types.ts'

export interface SettleCopiesParts {
  readonly fs: FileSystem
  readonly mirror: Mirror
  readonly folders: SegmentFolders
  readonly storeId: Uint8Array
  /** Files looked at at a time. */
  readonly concurrency: number
}

interface Candidate {
  readonly path: string
  readonly kind: SegmentKind
  readonly id: number | null
}

/** Resolves with the number of pieces that were written anew. */
export async function settleCopies(parts: SettleCopiesParts): Promise<number> {
  const { fs, mirror, folders, storeId } = parts
  const copies = new SegmentCopies(mirror)
  const candidates: Candidate[] = []
  for (const { kind, tier } of folders.all) {
    const folder = folders.of(kind, tier)
    if (!mirror.covers(folder)) continue
    for (const name of await namesIn(mirror, folder)) {
      const path = `${folder}/${name}`
      const id = kind === 'snapshot' ? null : idOfName(name)
      if (name.endsWith(UNFINISHED_SUFFIX)) await fs.remove(path)
      else if (kind === 'snapshot' ? isSnapshotName(name) : id !== null) {
        candidates.push({ path, kind, id })
      }
    }
  }
  const settleNext = async () => {
    for (let next = candidates.pop(); next !== undefined; next = candidates.pop()) {
      const expected = { kind: next.kind, id: next.id, storeId }
      if (await copies.isSettled(next.path, expected)) continue
      await copies.mend(next.path, expected, null)
    }
  }
  await Promise.all(Array.from({ length: parts.concurrency }, settleNext))
  return copies.mendCount
}

/** Of all copies of a folder. */
async function namesIn(mirror: Mirror, folder: string): Promise<readonly string[]> {
  const names = new Set<string>()
  for (const view of mirror.views) for (const name of await view.list(folder)) names.add(name)
  return [...names].sort()
}
