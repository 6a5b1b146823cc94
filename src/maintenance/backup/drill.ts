import { type CheckReport, checkHeld } from '../check/check-store.ts'
import { MaintenanceError } from '../errors.ts'
import type { StoreGround } from '../store-ground.ts'
import { BackupFileSystem } from './backup-fs.ts'
import type { BackupTarget } from './backup-target.ts'
import { manifestOf, verifiedPieces } from './restore-store.ts'

export interface DrillReport {
  readonly id: string
  readonly sequence: number
  /** Files that are not what was copied. */
  readonly damagedFiles: readonly string[]
  /** Of the store that a restore would give, every payload read. */
  readonly check: CheckReport
}

/**
 * Finds out whether a backup can be restored, without writing anything: reads each file whole and
 * compares it with what was copied, then opens the backup as the store it would be and checks that,
 * every payload included.
 *
 * @param ground of the directory it would be restored to; nothing there is touched
 * @throws MaintenanceError `unusable`, `damaged-backup` when the manifest does not verify
 */
export async function drillBackup(
  target: BackupTarget,
  ground: StoreGround,
  { id, signal }: { readonly id: string | null; readonly signal?: AbortSignal },
): Promise<DrillReport> {
  const manifest = await manifestOf(target, id)
  const damagedFiles: string[] = []
  for (const file of manifest.files) {
    signal?.throwIfAborted()
    try {
      for await (const _ of verifiedPieces(target, file)) signal?.throwIfAborted()
    } catch (error) {
      if (!(error instanceof MaintenanceError)) throw error
      damagedFiles.push(error.message)
    }
  }
  const fileSystem = new BackupFileSystem(target, manifest, ground.path)
  const { storeId, sequence } = manifest
  const dispose = async () => {}
  const held = { state: 'alone', storeId, fileSystem, [Symbol.asyncDispose]: dispose } as const
  const place = { ...ground, fileSystem, tierFolders: [], readIndex: async () => null }
  const options = { payloads: 'all', ...(signal === undefined ? {} : { signal }) } as const
  const check = await checkHeld(place, held, options)
  return { id: manifest.id, sequence, damagedFiles, check }
}

/** Whether everything is there, as it was. */
export function isWhole({ damagedFiles, check, sequence }: DrillReport): boolean {
  const isCurrent = check.journal.lastSequence === sequence
  return damagedFiles.length === 0 && check.damageCount === 0 && isCurrent
}
