/**
 * A consistent copy of a store, taken while nobody has it or while a server goes on: the store is
 * frozen at one moment, and what is sealed is copied once for all backups in the same place.
 *
 * Invariant: a backup counts when its manifest is there, which is written last; until then nothing
 * that other backups need is touched.
 */
import { createHash } from 'node:crypto'
import { readJournal } from '../../catalog/journal/journal-reader.ts'
import { listSnapshots } from '../../catalog/snapshot/read-snapshot.ts'
import { readSnapshotEnd } from '../../catalog/snapshot/read-snapshot-end.ts'
import type { FileHandle, FileSystem } from '../../platform/file-system.ts'
import { ScratchFileSystem } from '../../platform/scratch-fs.ts'
import { isDamage } from '../../segment/decoded.ts'
import { decodeTrailer, TRAILER_SIZE } from '../../segment/footer.ts'
import { decodeSegmentHeader, SEGMENT_HEADER_SIZE } from '../../segment/segment-header.ts'
import { folderNames, idOfName, isSnapshotName } from '../../segment/segment-names.ts'
import type { Segments } from '../../segment/segments.ts'
import { journalBegin } from '../check/check-journal.ts'
import { MaintenanceError } from '../errors.ts'
import { walkSegment } from '../segment-walk.ts'
import type { StoreGround } from '../store-ground.ts'
import { type HeldStore, holdStore } from '../view/store-view.ts'
import { type BackupTarget, PIECE_SIZE } from './backup-target.ts'
import {
  type BackupFile,
  listManifests,
  type Manifest,
  nameOfBytes,
  newManifestId,
  readManifest,
  writeManifest,
} from './manifest.ts'

export interface BackupReport {
  readonly id: string
  /** Whether a server had the store meanwhile. */
  readonly state: HeldStore['state']
  readonly sequence: number
  readonly fileCount: number
  readonly size: number
  /** Of the files that were not in the target yet. */
  readonly copiedFileCount: number
  readonly copiedSize: number
  /** What does not verify in the store; it was copied as it is. */
  readonly damages: readonly string[]
}

/** Files of the data directory that say nothing of what is stored, or only how it lies there. */
const LEFT_OUT = ['lock', 'tiers.json', 'mirror.json', 'scrub.json', 'heat']

/**
 * Resolves once the backup counts.
 *
 * @throws MaintenanceError `unusable`; `invalid` when the target holds backups of another store
 */
export async function backupStore(
  ground: StoreGround,
  target: BackupTarget,
  signal: AbortSignal = new AbortController().signal,
): Promise<BackupReport> {
  await using held = await holdStore(ground, { serving: 'allowed' })
  return await new Backup(ground, held, target).run(signal)
}

interface SourceFile {
  readonly source: string
  readonly path: string
}

class Backup {
  readonly #ground: StoreGround
  readonly #held: HeldStore
  readonly #fileSystem: FileSystem
  readonly #target: BackupTarget
  readonly #damages: string[] = []
  #copiedFileCount = 0
  #copiedSize = 0

  constructor(ground: StoreGround, held: HeldStore, target: BackupTarget) {
    this.#ground = ground
    this.#held = held
    const { fileSystem, storeId } = held
    this.#fileSystem = ground.seenBySegments?.(fileSystem, storeId) ?? fileSystem
    this.#target = target
  }

  async run(signal: AbortSignal): Promise<BackupReport> {
    const target = this.#target
    const { storeId, state, fileSystem } = this.#held
    const known = await this.#knownFiles()
    await using scratch = new ScratchFileSystem(fileSystem)
    await using segments = await this.#ground.openSegments(scratch, storeId)
    const sequence = await lastSequence(segments)
    const files: BackupFile[] = []
    for (const file of await this.#sourceFiles()) {
      signal.throwIfAborted()
      files.push(await this.#take(file, known, { segments, signal }))
    }
    const now = this.#ground.clock.now()
    const id = await newManifestId(target, now)
    const createdAt = new Date(now).toISOString()
    const damages = this.#damages
    await writeManifest(target, { id, storeId, createdAt, sequence, files, damages })
    return {
      id,
      state,
      sequence,
      fileCount: files.length,
      size: files.reduce((sum, { size }) => sum + size, 0),
      copiedFileCount: this.#copiedFileCount,
      copiedSize: this.#copiedSize,
      damages,
    }
  }

  /** Of earlier backups, by identity: their bytes are in the target. */
  async #knownFiles(): Promise<ReadonlyMap<string, BackupFile>> {
    const { storeId } = this.#held
    const known = new Map<string, BackupFile>()
    for (const id of await listManifests(this.#target)) {
      const manifest = await this.#readable(id)
      if (manifest === null) continue
      if (manifest.storeId !== storeId) {
        const message = `${this.#target.name} holds backups of another store`
        throw new MaintenanceError('invalid', message)
      }
      for (const file of manifest.files) {
        if (file.identity !== null) known.set(file.identity, file)
      }
    }
    return known
  }

  /** One that is damaged is of no help, and does no harm. */
  async #readable(id: string): Promise<Manifest | null> {
    try {
      return await readManifest(this.#target, id)
    } catch (error) {
      if (error instanceof MaintenanceError && error.kind === 'damaged-backup') return null
      throw error
    }
  }

  /** Segments of every tier are restored to the hot one. */
  async #sourceFiles(): Promise<readonly SourceFile[]> {
    const { path, tierFolders } = this.#ground
    const fileSystem = this.#fileSystem
    const files: SourceFile[] = []
    const add = async (folder: string, into: string, counts: (name: string) => boolean) => {
      if ((await fileSystem.stat(folder))?.kind !== 'directory') return
      for (const name of await fileSystem.list(folder)) {
        const source = `${folder}/${name}`
        if (!counts(name) || (await fileSystem.stat(source))?.kind !== 'file') continue
        files.push({ source, path: into === '' ? name : `${into}/${name}` })
      }
    }
    const isSegment = (name: string) => name.endsWith('.seg') && idOfName(name) !== null
    await add(path, '', (name) => !LEFT_OUT.includes(name) && !name.endsWith('.tmp'))
    for (const folder of [`${path}/${folderNames.data}`, ...tierFolders]) {
      await add(folder, folderNames.data, isSegment)
    }
    await add(`${path}/${folderNames.journal}`, folderNames.journal, isSegment)
    await add(`${path}/${folderNames.snapshot}`, folderNames.snapshot, isSnapshotName)
    return files
  }

  async #take(
    { source, path }: SourceFile,
    known: ReadonlyMap<string, BackupFile>,
    { segments, signal }: { readonly segments: Segments; readonly signal: AbortSignal },
  ): Promise<BackupFile> {
    await using handle = await this.#fileSystem.open(source, 'read')
    const size = await handle.size()
    const identity = await identityOf(handle, path, size)
    const before = identity === null ? undefined : known.get(identity)
    if (before !== undefined && (await this.#isThere(before))) return { ...before, path }
    const sha256 = await digestOf(handle, size)
    const file = { path, size, sha256, identity }
    if (identity !== null) await this.#verify(segments, path, signal)
    if (await this.#isThere(file)) return file
    await this.#target.write(nameOfBytes(sha256), size, piecesOf(handle, size))
    this.#copiedFileCount += 1
    this.#copiedSize += size
    return file
  }

  async #isThere({ sha256, size }: BackupFile): Promise<boolean> {
    return (await this.#target.sizeOf(nameOfBytes(sha256))) === size
  }

  /** A copy of damage is better than none, and is told. */
  async #verify(segments: Segments, path: string, signal: AbortSignal): Promise<void> {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const isSnapshot = isSnapshotName(name)
    const all = isSnapshot
      ? segments.list('snapshot')
      : [...segments.list('data'), ...segments.list('journal')]
    const info = all.find(({ id, header }) =>
      isSnapshot ? header.firstSequence === Number.parseInt(name, 16) : id === idOfName(name),
    )
    if (info === undefined) return
    const { damages } = await walkSegment(segments, info, { payloads: 'crc', signal })
    for (const { offset, field } of damages) this.#damages.push(`${path} at ${offset}: ${field}`)
  }
}

/** Of the last commit that counts. */
async function lastSequence(segments: Segments): Promise<number> {
  let sequence = 0
  let begin = journalBegin(segments)
  for (const info of listSnapshots(segments)) {
    const end = await readSnapshotEnd(segments, info)
    if (end === null || end.position.sequence < begin.sequence) continue
    sequence = end.position.sequence
    begin = end.position
    break
  }
  for await (const step of readJournal(segments, begin)) {
    if (step.step !== 'finding') sequence = Math.max(sequence, step.end.sequence)
  }
  return sequence
}

/** What a sealed segment or a snapshot has that no other file has; null for all else. */
async function identityOf(handle: FileHandle, path: string, size: number): Promise<string | null> {
  if (size < SEGMENT_HEADER_SIZE + TRAILER_SIZE) return null
  const bytes = Buffer.alloc(SEGMENT_HEADER_SIZE)
  await handle.read(bytes, 0)
  const header = decodeSegmentHeader(bytes)
  if (isDamage(header)) return null
  const identity = `${header.kind} ${header.id} ${header.nonce} ${header.createdAt} ${size}`
  if (header.kind === 'snapshot') return path.startsWith(folderNames.snapshot) ? identity : null
  const end = Buffer.alloc(TRAILER_SIZE)
  await handle.read(end, size - TRAILER_SIZE)
  const trailer = decodeTrailer(end)
  return isDamage(trailer) || trailer.segment !== header.id ? null : identity
}

async function digestOf(handle: FileHandle, size: number): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of piecesOf(handle, size)) digest.update(piece)
  return digest.digest('hex')
}

async function* piecesOf(
  handle: Pick<Awaited<ReturnType<FileSystem['open']>>, 'read'>,
  size: number,
): AsyncGenerator<Buffer> {
  for (let start = 0; start < size; start += PIECE_SIZE) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_SIZE, size - start))
    yield piece.subarray(0, await handle.read(piece, start))
  }
}
