import { createHash } from 'node:crypto'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { checkInvariants } from '../store/invariants.ts'
import { checkSegments } from '../store/segment-invariants.ts'
import type { Machine } from './machine.ts'
import { probe, withoutProbe } from './probe.ts'
import type { Stack } from './stack.ts'
import { difference, readState, type StoreState } from './store-state.ts'
import { checkTiers, whereverItLies } from './tier-check.ts'

export interface ReopenedDisk {
  readonly state: StoreState
  /** What was found after crashes of the recovery itself. */
  readonly recovered: readonly StoreState[]
}

/** The index is a cache: what a crash leaves of it must not matter. */
export const indexFates = ['kept', 'kept', 'lost'] as const

/** Share of disks whose recovery is crashed too. */
const RECOVERY_RATE = 0.08
/** Share of disks whose records are all compared with the rows. */
const AUDIT_RATE = 0.2
/** Shares of disks that are compacted, and moved between tiers, before they are crashed again. */
const COMPACTION_RATE = 0.3
const MOVE_RATE = 0.15
/** Share of disks that are written to, crashed and opened once more. */
const AGAIN_RATE = 0.5
/** Share of calls of a recovery at which it is crashed. */
const RECOVERY_CRASH_RATE = 0.15

/**
 * Opens a disk that a crash left, writes to it, crashes it, and opens it again: what it held at
 * first it must go on holding, however often it crashes, while it recovers too.
 */
export async function reopen(machine: Machine, seed: number): Promise<ReopenedDisk> {
  const random = new SeededRandom(seed)
  const recoveries = random.chance(RECOVERY_RATE) ? crashedRecoveries(machine, random) : []
  const stack = await machine.open()
  machine.fs.intercept(null)
  const state = await readWell(stack)
  if (random.chance(AUDIT_RATE)) await checkSegments(stack.catalog, stack.segments, { holes: true })
  if (random.chance(AGAIN_RATE)) await reopenAgain(machine, { stack, state, seed, random })
  else await stack.close()
  const recovered: StoreState[] = []
  for (const recovery of recoveries) recovered.push(await stateOf(recovery))
  return { state, recovered }
}

interface Opened {
  readonly stack: Stack
  readonly state: StoreState
  readonly seed: number
  readonly random: SeededRandom
}

/** What is there must be there again after the next crash, whatever is done meanwhile. */
async function reopenAgain(machine: Machine, opened: Opened): Promise<void> {
  const { stack, state, seed, random } = opened
  if (random.chance(COMPACTION_RATE)) await stack.compact()
  const isMoved = stack.segments.tiers.length > 1 && random.chance(MOVE_RATE)
  const kept = isMoved ? await moved(stack, state) : state
  const isProbed = random.chance(0.75)
  if (isProbed) await probe(stack.store, seed)
  const model = random.pick(['lose-all', 'torn', 'kill'] as const)
  const again = machine.crash({ model, seed, index: random.pick(indexFates) })
  await stack.close()
  const second = await again.open()
  const changed = difference(
    kept,
    isProbed ? await withoutProbe(second.store, seed) : await readWell(second),
  )
  if (changed !== null) throw new Error(`differs when opened again (${model}): ${changed}`)
  await second.close()
}

/** What clients see once all is in its place: what they saw before. */
async function moved(stack: Stack, before: StoreState): Promise<StoreState> {
  await stack.move()
  const after = await readWell(stack)
  const changed = difference(whereverItLies(before), whereverItLies(after))
  const problems = checkTiers(stack, after, { isInPlace: true })
  if (changed !== null) problems.push(`differs after it was moved: ${changed}`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return after
}

/** Crashes a machine now and then while it is opened; the list fills as that happens. */
function crashedRecoveries(machine: Machine, random: SeededRandom): readonly Machine[] {
  const crashed: Machine[] = []
  machine.fs.intercept(() => {
    if (random.chance(RECOVERY_CRASH_RATE)) {
      const model = random.pick(['lose-all', 'torn', 'subset', 'kill'] as const)
      const index = random.pick(indexFates)
      crashed.push(machine.crash({ model, seed: random.next(), index }))
    }
    return null
  })
  return crashed
}

async function stateOf(machine: Machine): Promise<StoreState> {
  const stack = await machine.open()
  const state = await readWell(stack)
  await stack.close()
  return state
}

async function readWell(stack: Stack): Promise<StoreState> {
  const state = await readState(stack.store)
  const misplaced = checkTiers(stack, state, { isInPlace: false })
  if (misplaced.length > 0) throw new Error(misplaced.join('\n'))
  checkInvariants(stack.catalog)
  const findings = stack.findings()
  if (findings.length > 0) throw new Error(`a crash is no damage: ${findings.join()}`)
  return state
}

/** Tells two disks apart, their indexes included. */
export async function digestOf({ fs, index, directory }: Machine): Promise<string> {
  const hash = createHash('sha1').update(index.fingerprint)
  const visit = async (path: string): Promise<void> => {
    for (const name of await fs.list(path)) {
      const child = `${path}/${name}`
      const stat = await fs.stat(child)
      hash.update(`${child} ${stat?.kind} ${stat?.size} `)
      if (stat?.kind === 'directory') await visit(child)
      if (stat?.kind !== 'file') continue
      await using file = await fs.open(child, 'read')
      const bytes = Buffer.allocUnsafe(stat.size)
      await file.read(bytes, 0)
      hash.update(bytes)
    }
  }
  if ((await fs.stat(directory)) !== null) await visit(directory)
  return hash.digest('hex')
}
