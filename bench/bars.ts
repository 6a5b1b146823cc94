/**
 * `npx tsx bench/bars.ts [--objects N]`, after `npm run build`: how soon a server with so many
 * objects is ready, after a clean stop and after kill -9, and what they cost in memory. Ends with 1
 * when a bar is missed.
 */
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { ServerProcess } from '../conformance/harness/server-process.ts'
import { median } from './figures.ts'
import { fill } from './questions/million.ts'
import { removeDirectory, SCRATCH, scratchDirectory, startVarve } from './target.ts'

const { values } = parseArgs({ options: { objects: { type: 'string', default: '1000000' } } })
const objects = Number(values.objects)

const MIB = 1024 * 1024
const STARTS = 3
/** Written after each start, so that there is a tail to replay. */
const TAIL_OBJECTS = 2000
const WARM_OBJECTS = 20_000
/** Memory counts as calm when so long a time has brought no less of it. */
const CALM_MS = 30_000
const CALM_STEP_MS = 2000
const ENVIRONMENT = {
  VARVE_BODIES_MAX: '4000',
  VARVE_REQUESTS_MAX: '4000',
  NODE_OPTIONS: `--import=${new URL('collect-on-signal.mjs', import.meta.url)}`,
}

interface Bar {
  readonly what: string
  readonly measured: number
  readonly limit: number
  readonly unit: string
}

async function main(): Promise<boolean> {
  await mkdir(SCRATCH, { recursive: true })
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'), ENVIRONMENT)
    // The same work on few objects: what the allocator keeps of that is not the price of an object.
    for (let done = 0; done < objects / 2; done += WARM_OBJECTS) {
      await fill(varve.endpoint, 'bench', WARM_OBJECTS)
    }
    const before = await calmMemoryOf(varve)
    await fill(varve.endpoint, 'bench', objects)
    const busy = await memoryOf(varve)
    const after = await calmMemoryOf(varve)
    const growth = (after - before) / MIB
    const clean = await startMs(varve, () => varve.stop())
    const idle = await memoryOf(varve)
    const killed = await startMs(varve, () => varve.kill())
    const perMillion = (growth * 1_000_000) / objects
    const bars: Bar[] = [
      { what: 'start after a clean stop', measured: clean, limit: 1000, unit: 'ms' },
      { what: 'start after kill -9', measured: killed, limit: 3000, unit: 'ms' },
      { what: 'memory per million objects', measured: perMillion, limit: 30, unit: 'MiB' },
    ]
    for (const bar of bars) tell(bar)
    const memory = `${mib(before)} before, ${mib(busy)} at the end of the fill, ${mib(after)} after`
    process.stdout.write(`memory: ${memory}, ${mib(idle)} after a start with them\n`)
    return bars.every(({ measured, limit }) => measured <= limit)
  } finally {
    await removeDirectory(directory)
  }
}

async function startMs(varve: ServerProcess, end: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < STARTS; round++) {
    await fill(varve.endpoint, 'bench', TAIL_OBJECTS)
    await end()
    const startedAt = performance.now()
    await varve.up()
    times.push(performance.now() - startedAt)
  }
  return median(times)
}

/** Without garbage, and once what the work of the background takes has been given back. */
async function calmMemoryOf(varve: ServerProcess): Promise<number> {
  let least = await memoryOf(varve)
  for (let calmMs = 0; calmMs < CALM_MS; calmMs += CALM_STEP_MS) {
    if (varve.pid !== null) process.kill(varve.pid, 'SIGUSR2')
    await sleep(CALM_STEP_MS)
    const memory = await memoryOf(varve)
    if (memory >= least) continue
    least = memory
    calmMs = 0
  }
  return least
}

/** Anonymous memory: pages of the index that the kernel keeps mapped are its own to take back. */
async function memoryOf({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function tell({ what, measured, limit, unit }: Bar): void {
  const verdict = measured <= limit ? 'holds' : 'MISSED'
  process.stdout.write(`${what}: ${measured.toFixed(0)} ${unit} (≤ ${limit}): ${verdict}\n`)
}

function mib(size: number): string {
  return `${(size / MIB).toFixed(0)} MiB`
}

process.exitCode = (await main()) ? 0 : 1
