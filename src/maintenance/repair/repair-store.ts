/**
 * Makes a damaged store whole again, as far as that goes: brings back what lies beside the bytes,
 * lets go of what is provably gone, and says all of it. Everything is tried out on a scratch layer
 * and checked there before anything is written; what is written is commits, so that a repair cut
 * short anywhere is done again from where it was.
 */
import { MemoryKv } from '../../catalog/kv/memory-kv.ts'
import type { OrderedKv } from '../../catalog/kv/ordered-kv.ts'
import type { LocalCatalog } from '../../catalog/local-catalog.ts'
import { BlobEngine } from '../../engine/blob-engine.ts'
import { ScratchFileSystem } from '../../platform/scratch-fs.ts'
import { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { encodeAudit } from '../../store/rows/audit-row.ts'
import { auditKey } from '../../store/rows/keys.ts'
import { copyOfIndex } from '../check/check-index.ts'
import { checkJournal } from '../check/check-journal.ts'
import { type CheckReport, checkHeld } from '../check/check-store.ts'
import { MaintenanceError } from '../errors.ts'
import { FindingList } from '../findings.ts'
import type { StoreGround } from '../store-ground.ts'
import { type HeldStore, holdStore, openView, type StoreView } from '../view/store-view.ts'
import { Draft, type DraftChanges } from './draft.ts'
import { dropLost } from './drop-lost.ts'
import { findBlobs } from './found-blobs.ts'
import { openCatalog } from './open-catalog.ts'
import { recount } from './recount.ts'
import type { RepairAction, RepairContext } from './repair-context.ts'
import { requireSingle } from './require-single.ts'
import { restoreFormat } from './restore-format.ts'
import { actionsOf, planRetirement, type Retirement, retire } from './retire.ts'
import { salvage } from './salvage.ts'
import { lostLineage, namedBlobs, settleBlobs } from './settle-blobs.ts'

export interface RepairOptions {
  /** Without it nothing is written: the report says what would be. */
  readonly apply: boolean
  /** Of buckets that have to be made again. */
  readonly region: string
  readonly signal?: AbortSignal
}

export interface RepairReport {
  readonly isApplied: boolean
  /** Whether commits were known to be missing. */
  readonly isLossy: boolean
  readonly actions: readonly RepairAction[]
  /** Rows written and removed, counters moved. */
  readonly rowCount: number
  /** A check of the store as it is afterwards, or would be. */
  readonly after: CheckReport
}

/** Rows changed by one commit. */
const BATCH_COUNT = 500

/** @throws MaintenanceError `in-use`, `unusable`; `invalid` for one directory of a mirror */
export async function repairStore(
  ground: StoreGround,
  options: RepairOptions,
): Promise<RepairReport> {
  await requireSingle(ground)
  if (options.apply) return repairFormatted(ground, options, await restoreFormat(ground))
  await using scratch = new ScratchFileSystem(ground.fileSystem)
  const format = await restoreFormat({ ...ground, fileSystem: scratch })
  const place = format === null ? ground : { ...ground, fileSystem: scratch }
  return await repairFormatted(place, options, format)
}

/** Of a store that has its `varve.json`, or has it again. */
async function repairFormatted(
  ground: StoreGround,
  options: RepairOptions,
  format: RepairAction | null,
): Promise<RepairReport> {
  await using held = await holdStore(ground, { serving: 'refused' })
  const signal = options.signal ?? new AbortController().signal
  const plan = await planRepair(ground, held, { ...options, signal })
  const { isLossy, changes } = plan
  const actions = [...(format === null ? [] : [format]), ...plan.actions]
  const rowCount = changes.puts.length + changes.deletes.length + changes.adds.length
  await using scratch = new ScratchFileSystem(held.fileSystem)
  const trial = onScratch(ground, scratch, plan.index)
  const trialHeld = { ...held, fileSystem: scratch }
  const { storeId } = held
  await apply(trial, plan, { storeId, signal })
  const expected = await checkHeld(withoutIndex(trial), trialHeld, { payloads: 'all', signal })
  if (!options.apply) return { isApplied: false, isLossy, actions, rowCount, after: expected }
  await apply(ground, plan, { storeId, signal })
  const after = await checkHeld(ground, held, { payloads: 'all', signal })
  return { isApplied: true, isLossy, actions, rowCount, after }
}

interface Plan {
  readonly isLossy: boolean
  readonly actions: readonly RepairAction[]
  readonly changes: DraftChanges
  readonly retirement: Retirement
  /** A copy of the index that the plan was made with; empty when that is of no use. */
  readonly index: OrderedKv
}

async function planRepair(
  ground: StoreGround,
  held: HeldStore,
  { region, signal }: RepairOptions & { readonly signal: AbortSignal },
): Promise<Plan> {
  const index = await indexOf(ground, held)
  await using view = await openView(ground, held, index?.copy())
  const { catalog, segments } = view
  const isRebuilt = index === null || view.events.some(({ event }) => event === 'rebuildStarted')
  const isJournalDamaged = await hasLostCommits(ground, view, signal)
  const isLossy = isRebuilt && isJournalDamaged
  const family = SegmentFamily.load(catalog)
  const draft = new Draft(catalog)
  const found = await findBlobs(segments, family, signal)
  const actions: RepairAction[] = []
  const { clock } = ground
  const context: RepairContext = { draft, found, segments, family, clock, isLossy, actions }
  await dropLost(context)
  if (isLossy) await salvageInto(context, { region, signal })
  await recount(context, region)
  await settleBlobs(context)
  const { damaged } = found
  const retirement = planRetirement(segments, family, { damaged, isJournalDamaged })
  actions.push(...actionsOf(retirement))
  const changes = draft.changes()
  return { isLossy, actions, changes, retirement, index: index ?? new MemoryKv() }
}

async function salvageInto(
  context: RepairContext,
  { region, signal }: { readonly region: string; readonly signal: AbortSignal },
): Promise<void> {
  const { draft, found, segments, family } = context
  const named = namedBlobs(draft)
  const lost = lostLineage(
    context,
    [...found.table.all()].map(({ blob }) => blob),
  )
  const lineage = [...family.entries, ...lost]
  await using engine = await BlobEngine.open({ segments, lineage })
  await salvage(context, {
    region,
    isNamed: (name) => named.has(name),
    read: (ref) => engine.read(ref, { start: 0, end: ref.size }, signal),
  })
}

async function hasLostCommits(
  { pageCodec }: StoreGround,
  { segments }: StoreView,
  signal: AbortSignal,
): Promise<boolean> {
  const findings = new FindingList()
  await checkJournal({ segments, pageCodec, findings, signal })
  return findings.all.some(({ kind }) => kind === 'journal')
}

/** What the index holds, when it can be read: it may know what the journal has lost. */
async function indexOf(ground: StoreGround, { storeId }: HeldStore): Promise<MemoryKv | null> {
  try {
    const index = await ground.readIndex(storeId)
    if (index === null) return null
    await using reading = index
    return await copyOfIndex(reading, new FindingList())
  } catch {
    return null
  }
}

/** The same store on a layer where nothing lasts. */
function onScratch(
  ground: StoreGround,
  fileSystem: ScratchFileSystem,
  index: OrderedKv,
): StoreGround {
  return { ...ground, fileSystem, openIndex: async () => index }
}

function withoutIndex(ground: StoreGround): StoreGround {
  return { ...ground, readIndex: async () => null }
}

/** Commits what the plan says, and snapshots of it, so that nothing needs the journal before. */
async function apply(
  ground: StoreGround,
  { isLossy, changes: { puts, deletes, adds }, retirement }: Plan,
  { storeId, signal }: { readonly storeId: string; readonly signal: AbortSignal },
): Promise<void> {
  await using segments = await ground.openSegments(ground.fileSystem, storeId)
  await using catalog = await openCatalog(ground, segments, storeId)
  const commit = async (batch: Parameters<LocalCatalog['commit']>[0]) => {
    signal.throwIfAborted()
    if ((await catalog.commit(batch)).committed) return
    throw new MaintenanceError('unusable', 'rows are not as they were when the repair was planned')
  }
  for (let at = 0; at < puts.length; at += BATCH_COUNT) {
    const batch = puts.slice(at, at + BATCH_COUNT)
    const checks = batch.map(({ key, before }) => ({ key, expected: before }))
    await commit({ checks, puts: batch })
  }
  for (let at = 0; at < deletes.length; at += BATCH_COUNT) {
    const batch = deletes.slice(at, at + BATCH_COUNT)
    const checks = batch.map(({ key, value }) => ({ key, expected: value }))
    await commit({ checks, deletes: batch.map(({ key }) => key) })
  }
  for (let at = 0; at < adds.length; at += BATCH_COUNT) {
    await commit({ adds: adds.slice(at, at + BATCH_COUNT) })
  }
  await catalog.flush()
  await catalog.release.checkpoint(signal)
  await retire({ ground, segments, catalog, signal }, retirement)
  // What was kept for want of a row is left alone by whoever looks for blobs without one.
  const audited = encodeAudit({ auditedBelow: segments.nextId, isDue: false })
  if (isLossy) await catalog.commit({ puts: [{ key: auditKey, value: audited }] })
}
