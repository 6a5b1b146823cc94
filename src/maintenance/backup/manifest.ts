/** The one file that makes a backup: what belongs to it. Without it there is none. */
import { hash } from 'node:crypto'
import { MaintenanceError } from '../errors.ts'
import { type BackupTarget, readPieces } from './backup-target.ts'

const FORMAT = 1
const FOLDER = 'manifests'
/** Where files of a backup are restored to: nowhere else, whatever a manifest says. */
const PATH = /^((hot|journal|snapshots)\/[0-9a-f]+\.(seg|snap)|[A-Za-z0-9][A-Za-z0-9._-]*)$/
const SHA256 = /^[0-9a-f]{64}$/
const NAME = /^(\d{8}t\d{9}z)\.json$/

export interface Manifest {
  /** Says when it was taken, and sorts by it. */
  readonly id: string
  readonly storeId: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Of the last commit in it. */
  readonly sequence: number
  readonly files: readonly BackupFile[]
  /** What was found damaged in the store when it was copied. */
  readonly damages: readonly string[]
}

export interface BackupFile {
  /** In the data directory, where it is restored to. */
  readonly path: string
  readonly size: number
  /** Of its bytes, in hexadecimal digits; also the name under which they are kept. */
  readonly sha256: string
  /**
   * Of a file that never changes: what tells it from any other, so that the next backup need not
   * read it. Null for one that may have changed.
   */
  readonly identity: string | null
}

/** Under which the bytes of a file are kept. */
export function nameOfBytes(sha256: string): string {
  return `files/${sha256}`
}

/** A new id for a backup taken at this moment; later than all that are there. */
export async function newManifestId(target: BackupTarget, now: number): Promise<string> {
  const last = (await listManifests(target)).at(-1)
  const taken = last === undefined ? 0 : momentOf(last)
  const moment = new Date(Math.max(now, taken + 1)).toISOString()
  return moment.replaceAll(/[-:.]/g, '').toLowerCase()
}

/** Ids of the backups that are there, oldest first. */
export async function listManifests(target: BackupTarget): Promise<readonly string[]> {
  const names = await target.list(FOLDER)
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).sort()
}

/** Whole and durable when it resolves: from then on the backup counts. */
export async function writeManifest(target: BackupTarget, manifest: Manifest): Promise<void> {
  const content = JSON.stringify(manifest)
  const sha256 = hash('sha256', content, 'hex')
  const bytes = Buffer.from(`${JSON.stringify({ format: FORMAT, sha256, content })}\n`)
  await target.write(`${FOLDER}/${manifest.id}.json`, bytes.length, oneOf(bytes))
}

export async function removeManifest(target: BackupTarget, id: string): Promise<void> {
  await target.remove(`${FOLDER}/${id}.json`)
}

/** @throws MaintenanceError `damaged-backup`, or `unusable` for one of a later version */
export async function readManifest(target: BackupTarget, id: string): Promise<Manifest> {
  const name = `${FOLDER}/${id}.json`
  const where = `${target.name}/${name}`
  const size = await target.sizeOf(name)
  if (size === null) throw new MaintenanceError('unusable', `there is no backup ${id}`)
  const pieces: Buffer[] = []
  for await (const piece of readPieces(target, name, size)) pieces.push(piece)
  const { format, sha256, content } = parse(Buffer.concat(pieces), where)
  if (typeof format === 'number' && format > FORMAT) {
    throw new MaintenanceError('unusable', `${where} is of a later version of Varve`)
  }
  if (typeof content !== 'string' || hash('sha256', content, 'hex') !== sha256) {
    throw new MaintenanceError('damaged-backup', `${where} does not verify`)
  }
  const manifest = JSON.parse(content) as Manifest
  const strange = manifest.files.find((file) => !PATH.test(file.path) || !SHA256.test(file.sha256))
  if (strange === undefined) return manifest
  throw new MaintenanceError('damaged-backup', `${where} names ${strange.path}`)
}

/** @throws MaintenanceError `unusable` when there is none; `damaged-backup` */
export async function newestManifest(target: BackupTarget): Promise<Manifest> {
  const id = (await listManifests(target)).at(-1)
  if (id === undefined) {
    throw new MaintenanceError('unusable', `${target.name} holds no backup that was finished`)
  }
  return readManifest(target, id)
}

export async function* oneOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

function parse(bytes: Buffer, where: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw new MaintenanceError('damaged-backup', `${where} is not JSON`, { cause })
  }
  throw new MaintenanceError('damaged-backup', `${where} is not a JSON object`)
}

/** `20261121t140000123z` in milliseconds since the Unix epoch. */
function momentOf(id: string): number {
  const digits = id.replaceAll(/\D/g, '')
  const iso = digits.replace(/^(.{4})(..)(..)(..)(..)(..)(.{3})$/, '$1-$2-$3T$4:$5:$6.$7Z')
  return Date.parse(iso)
}
