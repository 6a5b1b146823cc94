import type { FileSystem } from '../../platform/file-system.ts'
import type { BackupTarget } from './backup-target.ts'
import { DirectoryTarget } from './directory-target.ts'

export interface TargetOrder {
  /** A directory, or `s3://bucket/prefix`. */
  readonly place: string
  /** create: a directory is made when it is missing; a bucket never is. */
  readonly mode: 'create' | 'existing'
  /** Of the bucket. */
  readonly region: string
}

/**
 * What a person means by a place for backups.
 *
 * @throws MaintenanceError `in-use`, `unusable`, `invalid`
 */
export async function openTarget(
  fileSystem: FileSystem,
  { place, mode, region }: TargetOrder,
): Promise<BackupTarget> {
  if (!place.startsWith('s3://')) return DirectoryTarget.open(fileSystem, place, mode)
  // Loaded where it is needed: the client is large, and most backups go to disks.
  const { S3Target } = await import('./s3-target.ts')
  return S3Target.open(place, region)
}
