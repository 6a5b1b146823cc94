import { MIRROR_FILE } from '../../platform/mirror/mirror-record.ts'
import { MaintenanceError } from '../errors.ts'
import type { StoreGround } from '../store-ground.ts'

/**
 * Of several directories that hold the same, one alone must not change; nor does damage in it say
 * that anything is lost.
 *
 * @throws MaintenanceError `invalid`
 */
export async function requireSingle({ fileSystem, path }: StoreGround): Promise<void> {
  if ((await fileSystem.stat(`${path}/${MIRROR_FILE}`)) === null) return
  const message =
    `${path} is one of several directories that hold the same: start the server, which mends one ` +
    'from another and makes its index itself; what is damaged in all of them can be repaired in ' +
    'a restored backup'
  throw new MaintenanceError('invalid', message)
}
