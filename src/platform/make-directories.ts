import { dirname } from 'node:path'
import { ErrnoError } from './errno-error.ts'
import { errnoOf, type FileSystem } from './file-system.ts'

type Ground = Pick<FileSystem, 'stat' | 'syncDirectory'> & {
  /** Makes one folder in an existing one. */
  makeOne(path: string): Promise<void>
}

/**
 * Makes a folder and its missing parents, each synced into its parent before the next. The deepest
 * folder already there is synced too: a process killed between making and syncing left it behind.
 */
export async function makeDirectories(ground: Ground, path: string): Promise<void> {
  const missing: string[] = []
  let deepest = path
  for (;;) {
    const found = await ground.stat(deepest)
    if (found?.kind === 'directory') break
    if (found !== null) throw new ErrnoError('ENOTDIR', 'makeDirectory', deepest)
    missing.push(deepest)
    deepest = dirname(deepest)
  }
  await syncFound(ground, dirname(deepest))
  for (const folder of missing.reverse()) {
    try {
      await ground.makeOne(folder)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
    await ground.syncDirectory(dirname(folder))
  }
}

/** A parent that is not ours may be unreadable or on a read-only volume: then it did not change. */
async function syncFound(ground: Ground, path: string): Promise<void> {
  try {
    await ground.syncDirectory(path)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error
  }
}
