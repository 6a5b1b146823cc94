/**
 * Brings a backup back into a directory of its own. `varve.json` is written last: until then no
 * server takes what is there for a store; and a restore that was cut short goes on where it
 * stopped.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFileAtomically } from '../../platform/atomic-file.ts'
import { errnoOf, type FileSystem } from '../../platform/file-system.ts'
import { MaintenanceError } from '../errors.ts'
import { type BackupTarget, PIECE_SIZE, readPieces } from './backup-target.ts'
import {
  type BackupFile,
  type Manifest,
  nameOfBytes,
  newestManifest,
  readManifest,
} from './manifest.ts'

export interface RestoreOrder {
  /** Of the backup; null for the newest one. */
  readonly id: string | null
  readonly fileSystem: FileSystem
  /** Missing, empty, or left by a restore of the same backup that was cut short. */
  readonly path: string
  readonly signal?: AbortSignal
}

export interface RestoreReport {
  readonly id: string
  readonly sequence: number
  readonly fileCount: number
  readonly size: number
}

const MARKER = 'restore.json'
const FORMAT_FILE = 'varve.json'

/**
 * Resolves when all is there, verified and durable.
 *
 * @throws MaintenanceError `invalid` when the directory is not empty, `in-use`, `unusable`,
 *   `damaged-backup`
 */
export async function restoreStore(
  target: BackupTarget,
  order: RestoreOrder,
): Promise<RestoreReport> {
  const { fileSystem, path, signal } = order
  const manifest = await manifestOf(target, order.id)
  await fileSystem.makeDirectory(path)
  const lock = await fileSystem.lock(`${path}/lock`)
  if (lock === null) throw new MaintenanceError('in-use', `${path} is in use`)
  try {
    await begin(order, manifest)
    for (const folder of ['hot', 'journal', 'snapshots']) {
      await fileSystem.makeDirectory(`${path}/${folder}`)
    }
    for (const file of manifest.files.filter((each) => each.path !== FORMAT_FILE)) {
      signal?.throwIfAborted()
      await bringBack(target, file, order)
    }
    for (const folder of ['hot', 'journal', 'snapshots']) {
      await fileSystem.syncDirectory(`${path}/${folder}`)
    }
    await fileSystem.syncDirectory(path)
    await finish(target, manifest, order)
  } finally {
    await lock.release()
  }
  const { id, sequence, files } = manifest
  const size = files.reduce((sum, each) => sum + each.size, 0)
  return { id, sequence, fileCount: files.length, size }
}

export async function manifestOf(target: BackupTarget, id: string | null): Promise<Manifest> {
  return id === null ? newestManifest(target) : readManifest(target, id)
}

/** Takes the directory for this restore, unless something else is in it. */
async function begin({ fileSystem, path }: RestoreOrder, { id }: Manifest): Promise<void> {
  const marker = await readFile(fileSystem, `${path}/${MARKER}`)
  if (marker === null) {
    const names = await fileSystem.list(path)
    const others = names.filter((name) => name !== 'lock' && name !== `${MARKER}.tmp`)
    if (others.length > 0) {
      throw new MaintenanceError('invalid', `${path} is not empty: it holds ${others.join(', ')}`)
    }
    await writeFileAtomically(fileSystem, `${path}/${MARKER}`, Buffer.from(`{"id":"${id}"}\n`))
  } else if (!marker.toString().includes(`"${id}"`)) {
    const message = `${path} holds what another restore has left: choose an empty directory`
    throw new MaintenanceError('invalid', message)
  }
}

/**
 * It gets its name once its bytes are durable; that the name is, too, is the matter of the caller's
 * sync of the folder.
 */
async function bringBack(
  target: BackupTarget,
  file: BackupFile,
  { fileSystem, path }: RestoreOrder,
): Promise<void> {
  const place = `${path}/${file.path}`
  if (await isThere(fileSystem, place, file)) return
  const temporary = `${place}.tmp`
  await removeIfThere(fileSystem, temporary)
  {
    await using handle = await fileSystem.open(temporary, 'create')
    let position = 0
    for await (const piece of verifiedPieces(target, file)) {
      await handle.write([piece], position)
      position += piece.length
    }
    await handle.sync()
  }
  await fileSystem.rename(temporary, place)
}

/** The last file makes a store of it; the marker goes when it is one. */
async function finish(
  target: BackupTarget,
  manifest: Manifest,
  { fileSystem, path }: RestoreOrder,
): Promise<void> {
  const format = manifest.files.find((each) => each.path === FORMAT_FILE)
  if (format === undefined) {
    throw new MaintenanceError('damaged-backup', `backup ${manifest.id} has no ${FORMAT_FILE}`)
  }
  const pieces: Buffer[] = []
  for await (const piece of verifiedPieces(target, format)) pieces.push(piece)
  await writeFileAtomically(fileSystem, `${path}/${FORMAT_FILE}`, Buffer.concat(pieces))
  await removeIfThere(fileSystem, `${path}/${MARKER}`)
  await fileSystem.syncDirectory(path)
}

/**
 * The bytes of a file of a backup. Throws at their end when they are not what was copied.
 *
 * @throws MaintenanceError `damaged-backup`
 */
export async function* verifiedPieces(
  target: BackupTarget,
  { path, sha256, size }: BackupFile,
): AsyncGenerator<Buffer> {
  const name = nameOfBytes(sha256)
  if ((await target.sizeOf(name)) !== size) {
    throw new MaintenanceError('damaged-backup', `${path} is missing or cut short (${name})`)
  }
  const digest = createHash('sha256')
  for await (const piece of readPieces(target, name, size)) {
    digest.update(piece)
    yield piece
  }
  if (digest.digest('hex') === sha256) return
  throw new MaintenanceError('damaged-backup', `${path} is not what was copied (${name})`)
}

async function isThere(
  fileSystem: FileSystem,
  place: string,
  { size, sha256 }: BackupFile,
): Promise<boolean> {
  if ((await fileSystem.stat(place))?.size !== size) return false
  await using handle = await fileSystem.open(place, 'read')
  const digest = createHash('sha256')
  for (let start = 0; start < size; start += PIECE_SIZE) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_SIZE, size - start))
    digest.update(piece.subarray(0, await handle.read(piece, start)))
  }
  return digest.digest('hex') === sha256
}

async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
