/**
 * A store as its next start would find it, opened by the code that starts it, with nothing on the
 * disk changed: recovery runs on a scratch layer, and its index is made in memory. Needs memory for
 * all rows.
 */
import { ClosingStack } from '../../base/closing-stack.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { CatalogEvent } from '../../catalog/events.ts'
import { MemoryKv } from '../../catalog/kv/memory-kv.ts'
import type { OrderedKv } from '../../catalog/kv/ordered-kv.ts'
import { LocalCatalog } from '../../catalog/local-catalog.ts'
import { FORMAT_VERSION, readFormat } from '../../data-directory.ts'
import type { FileSystem } from '../../platform/file-system.ts'
import { FrozenFileSystem } from '../../platform/frozen-fs.ts'
import { ScratchFileSystem } from '../../platform/scratch-fs.ts'
import { folderNames } from '../../segment/segment-names.ts'
import type { Segments } from '../../segment/segments.ts'
import type { CompactionEvent } from '../../store/compaction/events.ts'
import { settleSegments } from '../../store/compaction/settle-segments.ts'
import { MaintenanceError } from '../errors.ts'
import type { StoreGround } from '../store-ground.ts'

export interface StoreView extends AsyncDisposable {
  readonly storeId: string
  readonly segments: Segments
  readonly catalog: LocalCatalog
  /** What recovery said while the catalog was opened. */
  readonly events: readonly CatalogEvent[]
  /** What a start would remove of what compactions left, and what it would keep. */
  readonly settled: readonly CompactionEvent[]
}

/** The data directory, nobody else's for as long as it is held; or as it was at one moment. */
export interface HeldStore extends AsyncDisposable {
  /** alone: no process serves it. serving: one does, and what is seen is a frozen moment. */
  readonly state: 'alone' | 'serving'
  readonly storeId: string
  /** Shows the store; never to be written to. */
  readonly fileSystem: FileSystem
}

/**
 * Takes the lock of the data directory; when a server has it, freezes the store as it is at this
 * moment instead, if `serving` allows. What the view of a frozen store shows is what a power loss
 * at that moment could have left at best: every commit in it was written, and all blobs it names
 * were durable before.
 *
 * @throws MaintenanceError `unusable`, `in-use`
 */
export async function holdStore(
  ground: StoreGround,
  { serving }: { readonly serving: 'allowed' | 'refused' },
): Promise<HeldStore> {
  const { fileSystem, path } = ground
  await ground.requireComplete?.()
  const storeId = await storeIdOf(fileSystem, path)
  const lock = await fileSystem.lock(`${path}/lock`)
  if (lock !== null) {
    const release = () => lock.release()
    return { state: 'alone', storeId, fileSystem, [Symbol.asyncDispose]: release }
  }
  if (serving === 'refused') {
    throw new MaintenanceError('in-use', `${path} is in use by another Varve process`)
  }
  const frozen = new FrozenFileSystem(fileSystem)
  try {
    await freeze(frozen, ground)
    // What was acknowledged before now is in every directory that is complete now.
    await ground.requireComplete?.()
  } catch (error) {
    await frozen[Symbol.asyncDispose]()
    throw error
  }
  const dispose = () => frozen[Symbol.asyncDispose]()
  return { state: 'serving', storeId, fileSystem: frozen, [Symbol.asyncDispose]: dispose }
}

/**
 * Data first, so that no file can be taken away that the journal still names; then the journal;
 * then data again, for what the journal names by now. Snapshots are older than the journal's end.
 */
async function freeze(frozen: FrozenFileSystem, { path, tierFolders }: StoreGround): Promise<void> {
  const data = [`${path}/${folderNames.data}`, ...tierFolders]
  for (const folder of data) await frozen.take(folder)
  await frozen.take(`${path}/${folderNames.snapshot}`)
  await frozen.take(`${path}/${folderNames.journal}`)
  for (const folder of data) await frozen.take(folder)
  await frozen.take(path)
}

/** @throws MaintenanceError `unusable` */
async function storeIdOf(fileSystem: FileSystem, path: string): Promise<string> {
  const found = (await fileSystem.stat(path)) === null ? null : await format(fileSystem, path)
  if (found !== null) return found
  throw new MaintenanceError('unusable', `${path} holds no store: there is no varve.json`)
}

async function format(fileSystem: FileSystem, path: string): Promise<string | null> {
  try {
    return await readFormat(fileSystem, path)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MaintenanceError('unusable', `${message} (formats up to ${FORMAT_VERSION})`, {
      cause,
    })
  }
}

/**
 * @param kv what the index holds, to recover from; it is owned from here on. Without it the catalog
 *   is made from snapshot and journal alone
 * @throws SegmentError, CatalogError
 */
export async function openView(
  ground: StoreGround,
  { fileSystem, storeId }: Pick<HeldStore, 'fileSystem' | 'storeId'>,
  kv: OrderedKv = new MemoryKv(),
): Promise<StoreView> {
  const floors = new ClosingStack()
  const events: CatalogEvent[] = []
  try {
    const scratch = floors.own(new ScratchFileSystem(fileSystem))
    const segments = floors.own(await ground.openSegments(scratch, storeId))
    const catalog = floors.own(
      await LocalCatalog.open({
        segments,
        kv,
        clock: ground.clock,
        ...(ground.pageCodec === null ? {} : { codec: ground.pageCodec }),
        // What is missing is told, not refused.
        acceptsLoss: true,
        listener: (event) => events.push(event),
        options: { automatic: false, flushRowCount: 50_000 },
      }),
    )
    // What a compaction was about when it was cut short, or frozen, counts as at a start.
    const settled: CompactionEvent[] = []
    const listener = (event: CompactionEvent) => settled.push(event)
    await settleSegments({ catalog: withoutCommits(catalog), segments, listener })
    const dispose = () => floors[Symbol.asyncDispose]()
    return { storeId, segments, catalog, events, settled, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await floors[Symbol.asyncDispose]().catch(() => {})
    throw error
  }
}

/** A view shows the journal as it is: nothing is added to it. */
function withoutCommits(catalog: LocalCatalog): Catalog {
  return {
    get: (key) => catalog.get(key),
    peek: (key) => catalog.peek(key),
    range: (range) => catalog.range(range),
    settled: () => catalog.settled(),
    commit: () => Promise.reject(new MaintenanceError('invalid', 'a view takes no commits')),
    feed: (since, signal) => catalog.feed(since, signal),
    sequence: catalog.sequence,
    isInDoubt: catalog.isInDoubt,
    [Symbol.asyncDispose]: async () => {},
  }
}
