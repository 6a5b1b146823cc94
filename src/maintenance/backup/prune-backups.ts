import type { BackupTarget } from './backup-target.ts'
import { listManifests, nameOfBytes, readManifest, removeManifest } from './manifest.ts'

/**
 * Keeps so many of the newest backups, and removes what belongs to none of them. Cut short, it
 * leaves files that the next call removes; never a backup with a file missing.
 *
 * @throws MaintenanceError `damaged-backup` when a backup that is kept cannot be read; nothing was
 *   removed then
 */
export async function pruneBackups(
  target: BackupTarget,
  { keep }: { readonly keep: number },
): Promise<{ readonly removedBackups: number; readonly removedFiles: number }> {
  const ids = await listManifests(target)
  const old = ids.slice(0, Math.max(0, ids.length - Math.max(1, keep)))
  const needed = new Set<string>()
  for (const id of ids.slice(old.length)) {
    for (const { sha256 } of (await readManifest(target, id)).files) needed.add(sha256)
  }
  for (const id of old) await removeManifest(target, id)
  let removedFiles = 0
  for (const sha256 of await target.list('files')) {
    if (needed.has(sha256)) continue
    await target.remove(nameOfBytes(sha256))
    removedFiles += 1
  }
  return { removedBackups: old.length, removedFiles }
}
