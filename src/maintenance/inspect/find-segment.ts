import { folderNames, idOfName, segmentName } from '../../segment/segment-names.ts'
import { MaintenanceError } from '../errors.ts'
import type { StoreGround } from '../store-ground.ts'

/**
 * The file of a segment: named by its path, or by its id in hexadecimal digits.
 *
 * @throws MaintenanceError `unusable` when there is none
 */
export async function findSegment(
  { fileSystem, path, tierFolders }: StoreGround,
  name: string,
): Promise<{ readonly path: string; readonly id: number | null }> {
  if ((await fileSystem.stat(name))?.kind === 'file') {
    return { path: name, id: idOfName(name.slice(name.lastIndexOf('/') + 1)) }
  }
  const id = /^(0x)?[0-9a-f]{1,8}$/i.test(name) ? Number.parseInt(name, 16) : null
  const folders = [`${path}/${folderNames.data}`, `${path}/${folderNames.journal}`, ...tierFolders]
  for (const folder of id === null ? [] : folders) {
    const file = `${folder}/${segmentName(id ?? 0)}`
    if ((await fileSystem.stat(file)) !== null) return { path: file, id }
  }
  throw new MaintenanceError('unusable', `there is no segment ${name} in ${path}`)
}
