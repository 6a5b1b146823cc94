/** `varve.json` of a store that has lost it: every segment says in its header whose it is. */
import { readFormat, writeFormat } from '../../data-directory.ts'
import type { FileSystem } from '../../platform/file-system.ts'
import { isDamage } from '../../segment/decoded.ts'
import {
  decodeSegmentHeader,
  formatStoreId,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '../../segment/segment-header.ts'
import { folderNames, idOfName, isSnapshotName } from '../../segment/segment-names.ts'
import { MaintenanceError } from '../errors.ts'
import type { StoreGround } from '../store-ground.ts'
import type { RepairAction } from './repair-context.ts'

/**
 * Writes the file where it is missing or damaged. Null when there is nothing to be done, or nothing
 * that could tell how.
 *
 * @throws MaintenanceError `in-use`; `unusable` when segments of several stores are there
 */
export async function restoreFormat(ground: StoreGround): Promise<RepairAction | null> {
  const { fileSystem, path } = ground
  const why = await whyUnreadable(fileSystem, path)
  if (why === null) return null
  const headers = await headersOf(ground)
  const ids = new Set(headers.map(({ storeId }) => formatStoreId(storeId)))
  if (ids.size > 1) {
    const message = `${path} holds segments of several stores, and no varve.json says which counts`
    throw new MaintenanceError('unusable', message)
  }
  const [storeId] = ids
  if (storeId === undefined) return null
  const lock = await fileSystem.lock(`${path}/lock`)
  if (lock === null) throw new MaintenanceError('in-use', `${path} is in use by another process`)
  try {
    const createdAt = Math.min(...headers.map((header) => header.createdAt))
    await writeFormat(fileSystem, path, { storeId, createdAt })
  } finally {
    await lock.release()
  }
  const told = `the headers of ${headers.length} segments say that the store is ${storeId}`
  return { action: 'mended', what: 'varve.json', why: `${why}; ${told}` }
}

async function whyUnreadable(fileSystem: FileSystem, path: string): Promise<string | null> {
  try {
    const isThere = (await readFormat(fileSystem, path)) !== null
    return isThere ? null : 'it was missing'
  } catch (error) {
    // One of a later version is refused by whoever opens the store.
    const isDamaged = error instanceof Error && 'kind' in error && error.kind === 'damaged'
    return isDamaged ? 'it was damaged' : null
  }
}

/** Of those that verify. */
async function headersOf({
  fileSystem,
  path,
  tierFolders,
}: StoreGround): Promise<readonly SegmentHeader[]> {
  const headers: SegmentHeader[] = []
  const own = Object.values(folderNames).map((name) => `${path}/${name}`)
  for (const folder of [...own, ...tierFolders]) {
    if ((await fileSystem.stat(folder))?.kind !== 'directory') continue
    for (const name of await fileSystem.list(folder)) {
      if (idOfName(name) === null && !isSnapshotName(name)) continue
      await using file = await fileSystem.open(`${folder}/${name}`, 'read')
      const bytes = Buffer.alloc(SEGMENT_HEADER_SIZE)
      const header = decodeSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)))
      if (!isDamage(header)) headers.push(header)
    }
  }
  return headers
}
