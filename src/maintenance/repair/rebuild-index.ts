import { everyKey } from '../../catalog/kv/ordered-kv.ts'
import { LocalCatalog } from '../../catalog/local-catalog.ts'
import { errnoOf } from '../../platform/file-system.ts'
import { checkJournal } from '../check/check-journal.ts'
import { MaintenanceError } from '../errors.ts'
import { type Finding, FindingList } from '../findings.ts'
import type { StoreGround } from '../store-ground.ts'
import { type HeldStore, holdStore, openView } from '../view/store-view.ts'
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
  await using view = await openView(ground, held)
  const { pageCodec } = ground
  await checkJournal({ segments: view.segments, pageCodec, findings, signal })
  if (findings.damageCount > 0 && !force) {
    const message =
      'the journal is damaged, and the index may hold what it does not: ' +
      'look with `varve check`, then use --force or `varve repair`'
    throw new MaintenanceError('invalid', message)
  }
  const aside = await putIndexAside(ground)
  await makeIndex(ground, held)
  const rowCount = await compare(ground, held, view.catalog)
  const { sequence } = view.catalog
  return { sequence, rowCount, aside, findings: findings.all }
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

/** By the very code that makes it at a start. */
async function makeIndex(ground: StoreGround, { storeId }: HeldStore): Promise<void> {
  const { fileSystem, clock, pageCodec } = ground
  await using segments = await ground.openSegments(fileSystem, storeId)
  await using catalog = await LocalCatalog.open({
    segments,
    kv: await ground.openIndex(storeId),
    clock,
    ...(pageCodec === null ? {} : { codec: pageCodec }),
    acceptsLoss: true,
    options: { automatic: false },
  })
  await catalog.flush()
}

/** Resolves with the number of rows, which are those of the journal. */
async function compare(
  ground: StoreGround,
  { storeId }: HeldStore,
  expected: LocalCatalog,
): Promise<number> {
  const index = await ground.readIndex(storeId)
  if (index === null) throw new MaintenanceError('unusable', 'the new index cannot be read')
  await using reading = index
  const rows = expected.range(everyKey)[Symbol.iterator]()
  let rowCount = 0
  for (const { key, value } of reading.range(everyKey)) {
    const row = rows.next()
    const isSame = row.done !== true && row.value.key.equals(key) && row.value.value.equals(value)
    if (!isSame) throw new MaintenanceError('unusable', 'the new index differs from the journal')
    rowCount += 1
  }
  if (rows.next().done === true) return rowCount
  throw new MaintenanceError('unusable', 'the new index holds less than the journal')
}
