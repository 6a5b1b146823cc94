/**
 * `npm run torture -- [--cycles N] [--power-cuts N] [--operations N] [--seed N]`: what CI runs for
 * a moment, for as long as it is asked to. Ends by itself: 0 when nothing was lost.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ServerProcess } from '../harness/server-process.ts'
import { CrashLoop, type CrashLoopResult } from './crash-loop.ts'
import { type CrashScene, ProcessKill, smallFiles } from './crash-scene.ts'
import { reasonNotToCut } from './loop-disk.ts'
import { PowerCut } from './power-cut.ts'
import { runRegisters } from './register-run.ts'

const DISK_SIZE = 64 * 1024 ** 3
const CLIENTS = 64
const KEYS = 300
const OPERATIONS_PER_KILL = 5000
const PROGRESS_EVERY_MS = 10_000

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '0' },
    'power-cuts': { type: 'string', default: '0' },
    operations: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const seed = Number(values.seed)

async function main(): Promise<boolean> {
  const counts = [values.cycles, values['power-cuts'], values.operations].map(Number)
  const [cycles = 0, powerCuts = 0, operations = 0] = counts
  if (!counts.every(Number.isSafeInteger) || counts.every((count) => count === 0)) {
    say('nothing to do: --cycles N, --power-cuts N, --operations N')
    return false
  }
  let isWell = true
  if (cycles > 0) isWell = (await killed(cycles)) && isWell
  if (powerCuts > 0) isWell = (await cut(powerCuts)) && isWell
  if (operations > 0) isWell = (await fought(operations)) && isWell
  return isWell
}

async function killed(cycleCount: number): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'varve-torture-'))
  const dataDir = path.join(folder, 'data')
  const server = await ServerProcess.start({ env: smallFiles(folder), dataDir })
  try {
    return await looped('kill -9', new ProcessKill(server), cycleCount)
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function cut(cycleCount: number): Promise<boolean> {
  const reason = await reasonNotToCut()
  if (reason !== null) {
    say(`power cuts are not possible here: ${reason}`)
    return false
  }
  await using scene = await PowerCut.start(DISK_SIZE)
  return await looped('power cuts', scene, cycleCount)
}

async function looped(name: string, scene: CrashScene, cycleCount: number): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'varve-torture-'))
  try {
    const oraclePath = path.join(folder, 'oracle')
    const onProgress = seldom((text) => say(`${name}: ${text}`))
    const result = await CrashLoop.run({ scene, cycleCount, seed, oraclePath, onProgress })
    say(`${name}, seed ${seed}: ${JSON.stringify(result, null, 2)}`)
    return isClean(result)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fought(operationCount: number): Promise<boolean> {
  const killCount = Math.ceil(operationCount / OPERATIONS_PER_KILL)
  const size = { operationCount, killCount, clientCount: CLIENTS, keyCount: KEYS }
  const result = await runRegisters({ ...size, seed, onProgress: seldom(say) })
  say(`linearizability, seed ${seed}: ${JSON.stringify(result, null, 2)}`)
  return result.violation === null
}

function isClean({ lost, torn, back }: CrashLoopResult): boolean {
  return lost.length + torn.length + back.length === 0
}

/** Drops what comes too soon after what was said last. */
function seldom(tell: (text: string) => void): (text: string) => void {
  let saidAt = 0
  return (text) => {
    if (Date.now() - saidAt < PROGRESS_EVERY_MS) return
    saidAt = Date.now()
    tell(text)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

process.exitCode = (await main()) ? 0 : 1
