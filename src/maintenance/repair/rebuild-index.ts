import { nextTurn } from '../../base/next-turn.ts'
import type { Entry } from '../../catalog/catalog.ts'
import { everyKey, type KvView } from '../../catalog/kv/ordered-kv.ts'
import { journalStart } from '../../catalog/recovery.ts'
import { type Proof, type ProofParts, proveEntries } from '../../catalog/snapshot/prove-snapshot.ts'
import { SnapshotStock } from '../../catalog/snapshot/snapshot-stock.ts'
import { errnoOf } from '../../platform/file-system.ts'
import { ScratchFileSystem } from '../../platform/scratch-fs.ts'
import { checkJournal } from '../check/check-journal.ts'
import { MaintenanceError } from '../errors.ts'
import { type Finding, FindingList } from '../findings.ts'
import type { StoreGround } from '../store-ground.ts'
import { type HeldStore, holdStore } from '../view/store-view.ts'
import { openCatalog } from './open-catalog.ts'
import { requireSingle } from './require-single.ts'

export interface RebuildOptions {
  /**
   * Whether to go on though the journal is damaged: what only the old index may still hold is then
   * given up, and can be had only from the files kept aside.
   */
  readonly force: boolean
  readonly signal?: AbortSignal
}

export interface RebuildReport {
  /** Of the last commit in the new index. */
  readonly sequence: number
  readonly rowCount: number
  /** Folder to which the old index went; null when there was none. */
  readonly aside: string | null
  readonly findings: readonly Finding[]
}

/**
 * Puts the index aside and has it made anew from snapshot and journal, then compares it with them.
 * Cut short anywhere, it leaves a store that makes its index itself at the next start.
 *
 * @throws MaintenanceError `in-use`, `unusable`; `invalid` for one directory of a mirror, or when
 *   the journal is damaged and nothing forces it
 */
export async function rebuildIndex(
  ground: StoreGround,
  { force, signal = new AbortController().signal }: RebuildOptions,
): Promise<RebuildReport> {
  await requireSingle(ground)
  await using held = await holdStore(ground, { serving: 'refused' })
  const findings = new FindingList()
  await checkSound(ground, held, { findings, force, signal })
  const aside = await putIndexAside(ground)
  const made = await makeIndex(ground, held, signal)
  return { ...made, aside, findings: findings.all }
}

async function checkSound(
  { pageCodec, openSegments }: StoreGround,
  { fileSystem, storeId }: HeldStore,
  { findings, force, signal }: CheckOrder,
): Promise<void> {
  await using scratch = new ScratchFileSystem(fileSystem)
  await using segments = await openSegments(scratch, storeId)
  await checkJournal({ segments, pageCodec, findings, signal })
  if (findings.damageCount === 0 || force) return
  const message =
    'the journal is damaged, and the index may hold what it does not: ' +
    'look with `varve check`, then use --force or `varve repair`'
  throw new MaintenanceError('invalid', message)
}

interface CheckOrder {
  readonly findings: FindingList
  readonly force: boolean
  readonly signal: AbortSignal
}

/** Under a name of its own; files of an index are never deleted here. */
async function putIndexAside(ground: StoreGround): Promise<string | null> {
  const { fileSystem, path, clock } = ground
  const folder = `${path}/index`
  if ((await fileSystem.stat(folder)) === null) return null
  const names = (await fileSystem.list(folder)).filter((name) => name.includes('.mdb'))
  if (names.length === 0) return null
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')
  const aside = `${path}/aside/index-${stamp}`
  await fileSystem.makeDirectory(aside)
  for (const name of names) {
    try {
      await fileSystem.rename(`${folder}/${name}`, `${aside}/${name}`)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
  await fileSystem.syncDirectory(aside)
  await fileSystem.syncDirectory(folder)
  return aside
}

/** By the very code that makes it at a start; then it is held against the journal. */
async function makeIndex(
  ground: StoreGround,
  { storeId }: HeldStore,
  signal: AbortSignal,
): Promise<Pick<RebuildReport, 'sequence' | 'rowCount'>> {
  const { fileSystem, pageCodec } = ground
  await using segments = await ground.openSegments(fileSystem, storeId)
  await using catalog = await openCatalog(ground, segments, storeId)
  const view = await catalog.view()
  try {
    if ((await proofOf(view, { segments, codec: pageCodec, signal })) === 'wrong') {
      throw new MaintenanceError('unusable', 'the new index differs from the journal')
    }
    return { sequence: catalog.sequence, rowCount: view.entryCount }
  } finally {
    view.release()
  }
}

/** From the newest snapshot on, if there is one. */
async function proofOf(view: KvView, parts: ProofParts): Promise<Proof> {
  const position = view.position ?? journalStart
  const [newest] = await new SnapshotStock({ ...parts, listener: () => {} }).newest()
  const from =
    newest === undefined
      ? { snapshot: null, position: journalStart }
      : { snapshot: newest.info, position: newest.end.position }
  return proveEntries(parts, from, { position, pages: () => pagesOf(view) })
}

/** Entries between two turns of the event loop: a millisecond or two of work. */
const PAGE_ENTRY_COUNT = 1000

async function* pagesOf(view: KvView): AsyncGenerator<readonly Entry[]> {
  let page: Entry[] = []
  for (const entry of view.range(everyKey)) {
    if (page.push(entry) < PAGE_ENTRY_COUNT) continue
    yield page
    await nextTurn()
    page = []
  }
  yield page
}
