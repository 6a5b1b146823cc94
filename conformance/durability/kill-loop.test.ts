/**
 * kill -9, again and again, while clients write: nothing acknowledged is lost or torn, nothing
 * deleted comes back, and what was not answered happened whole or not at all.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../harness/server-process.ts'
import { Wire } from '../harness/wire.ts'
import { elements } from '../harness/xml.ts'
import { type Expectation, Oracle, sameState } from './oracle.ts'
import { Writer } from './writer.ts'

const cycles = Number(process.env['VARVE_KILL_CYCLES'] ?? 50)
const seed = Number(process.env['VARVE_KILL_SEED'] ?? Date.now() % 2 ** 31)
const WRITERS = 8
const KEYS_EACH = 6
const BUCKET = 'kill-loop'
/** The least that is allowed, so that files are sealed and snapshots taken under way. */
const SMALL_FILES = { VARVE_SEGMENT_SIZE_MAX: '32MiB', VARVE_JOURNAL_SEGMENT_SIZE_MAX: '1MiB' }
/** The server dies under load: not before so many writes of this life were answered. */
const ANSWERED_FIRST = WRITERS

interface Verdict {
  readonly lost: string[]
  readonly torn: string[]
  readonly back: string[]
}

describe('kill -9 under load', () => {
  it(`${cycles} times, seed ${seed}`, { timeout: 60_000 + cycles * 10_000 }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'varve-kill-'))
    const oracle = await Oracle.open(path.join(folder, 'oracle'))
    const server = await ServerProcess.start({ env: SMALL_FILES })
    try {
      const wire = new Wire(server.endpoint)
      const random = seeded(seed)
      await wire.send({ method: 'PUT', path: `/${BUCKET}` })
      const writers = Array.from({ length: WRITERS }, (_, at) => {
        const name = `writer-${at}`
        const options = { wire, oracle, bucket: BUCKET, name, keyCount: KEYS_EACH, random }
        return new Writer(options)
      })
      for (let cycle = 0; cycle < cycles; cycle++) {
        await writeUntilKilled(server, writers, random() * 400)
        await comeBack(server, random)
        const verdict = await judge(wire, oracle, writers)
        const where = { cycle, seed }
        expect({ where, ...verdict }).toEqual({ where, lost: [], torn: [], back: [] })
      }
      expect(await server.stop()).toBe(0)
      await server.up()
      expect(await judge(wire, oracle, writers)).toEqual({ lost: [], torn: [], back: [] })
      const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0)
      console.info(`${cycles} kills, ${acknowledged} acknowledged writes, lost 0, torn 0, back 0`)
      expect(acknowledged).toBeGreaterThan(cycles * WRITERS)
    } finally {
      await server.close()
      await oracle.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

async function writeUntilKilled(
  server: ServerProcess,
  writers: readonly Writer[],
  afterMs: number,
): Promise<void> {
  let isOver = false
  const answered = () => writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0)
  const before = answered()
  const running = writers.map(async (writer) => await writer.run(() => isOver))
  for (let turn = 0; turn < 500 && answered() - before < ANSWERED_FIRST; turn++) await sleep(10)
  await sleep(afterMs)
  await server.kill()
  isOver = true
  await Promise.all(running)
}

/** Every third time the server dies again while it recovers. */
async function comeBack(server: ServerProcess, random: () => number): Promise<void> {
  if (random() < 0.33) {
    const starting = server.up().catch(() => null)
    await sleep(random() * 400)
    await server.kill()
    await starting
  }
  await server.up()
}

/** Reads every key the oracle knows and settles what was pending. */
async function judge(wire: Wire, oracle: Oracle, writers: readonly Writer[]): Promise<Verdict> {
  const verdict: Verdict = { lost: [], torn: [], back: [] }
  const present: string[] = []
  for (const expectation of await oracle.expectations()) {
    const { key } = expectation
    const reply = await wire.send({ method: 'GET', path: `/${BUCKET}/${key}` })
    expect([200, 404]).toContain(reply.status)
    const found = reply.status === 200 ? reply.body : null
    if (found !== null) present.push(key)
    const allowed = [expectation.settled, ...expectation.pending]
    const state = allowed.find((candidate) => sameState(candidate, found))
    if (state === undefined) accuse(verdict, expectation, found)
    else if (expectation.pending.length > 0) await oracle.observed(key, state)
    for (const writer of writers) writer.learn(key, state ?? null)
  }
  const list = await wire.send({ method: 'GET', path: `/${BUCKET}` })
  expect(elements(list.text, 'Key')).toEqual(present.sort())
  return verdict
}

function accuse(verdict: Verdict, expectation: Expectation, found: Buffer | null): void {
  const said = `${expectation.key}: ${JSON.stringify(expectation)}, found ${found?.length ?? 'none'}`
  if (found === null) verdict.lost.push(said)
  else if (expectation.settled === null) verdict.back.push(said)
  else verdict.torn.push(said)
}

/** Mulberry32: the same run for the same seed, as far as clocks allow. */
function seeded(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
