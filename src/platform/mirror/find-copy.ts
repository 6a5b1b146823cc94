/** Looks at the directories that make up a mirror; takes none of them, and changes nothing. */
import { errnoOf, type FileSystem } from '../file-system.ts'
import { type FoundCopy, planMirror } from './mirror-plan.ts'
import { readMirrorRecord } from './mirror-record.ts'

export interface MirrorPlace {
  readonly directory: string
  /** The file system that has the directory. */
  readonly fs: FileSystem
}

/** Which store a directory holds; its id is null when that cannot be told any more. */
export type HoldsStore = (place: MirrorPlace) => Promise<{ readonly storeId: string | null } | null>

/** A directory that cannot be read is one that is not there. */
export async function findCopy(
  place: MirrorPlace,
  holdsStore: HoldsStore,
): Promise<{ readonly copy: FoundCopy; readonly storeId: string | null }> {
  const { fs, directory } = place
  const found = (copy: FoundCopy, storeId: string | null = null) => ({ copy, storeId })
  try {
    if ((await fs.stat(directory))?.kind !== 'directory') {
      return found({ found: 'absent', reason: 'not there' })
    }
    const record = await readMirrorRecord(fs, directory)
    if (record === 'damaged') return found({ found: 'damaged' })
    const isPart = record?.state === 'filling'
    const store = isPart ? null : await holdsStore(place)
    if (record !== null) {
      return found({ found: 'copy', record, hasStore: store !== null }, store?.storeId ?? null)
    }
    if (store !== null && store.storeId === null) return found({ found: 'damaged' })
    return store === null ? found({ found: 'empty' }) : found({ found: 'single' }, store.storeId)
  } catch (error) {
    const code = errnoOf(error)
    if (code === null) throw error
    return found({ found: 'absent', reason: code })
  }
}

export interface CompleteOrder {
  readonly fs: FileSystem
  /** Of the store; it may be the only one that is known. */
  readonly directory: string
  /** Those beside it, as far as they are told; else they are those it names itself. */
  readonly others: readonly string[]
  /** Directories that the operator says are gone for good. */
  readonly lost: readonly string[]
  readonly holdsStore: HoldsStore
}

/**
 * The directories that hold everything that was acknowledged: that which was named, where it is no
 * part of a mirror, or else the complete ones, it first if it is one of them.
 *
 * @throws MirrorError when none is known to hold everything
 */
export async function completeDirectories(order: CompleteOrder): Promise<readonly string[]> {
  const { fs, directory, lost, holdsStore } = order
  const others = order.others.length > 0 ? order.others : await namedBeside(fs, directory)
  if (others === null) return [directory]
  const found = []
  for (const each of [directory, ...others]) {
    const { copy } = await findCopy({ fs, directory: each }, holdsStore)
    found.push({ directory: each, copy })
  }
  const { members } = planMirror(found, lost)
  return found.flatMap((each, index) => (members.includes(index) ? [each.directory] : []))
}

/** The other members, where they were when the record was written; null without a record. */
async function namedBeside(fs: FileSystem, directory: string): Promise<readonly string[] | null> {
  const record = await readMirrorRecord(fs, directory)
  if (record === null) return null
  if (record === 'damaged') return []
  const others = record.members.filter(({ copy }) => copy !== record.copy)
  return others.map((member) => member.directory)
}
