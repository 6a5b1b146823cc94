/**
 * A server that dies under load, again and again: nothing acknowledged is lost or torn, nothing
 * deleted comes back, and what was not answered happened whole or not at all.
 */
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Wire } from '../harness/wire.ts'
import { elements } from '../harness/xml.ts'
import type { CrashScene } from './crash-scene.ts'
import { type Expectation, Oracle, sameState } from './oracle.ts'
import { seeded } from './seeded.ts'
import { SegmentWatch } from './segment-watch.ts'
import { Writer } from './writer.ts'

export interface CrashLoopOptions {
  readonly scene: CrashScene
  readonly cycleCount: number
  readonly seed: number
  /** File for what the clients know; must not exist, and not be where the crash strikes. */
  readonly oraclePath: string
  readonly onProgress?: (text: string) => void
}

export interface CrashLoopResult {
  readonly cycleCount: number
  readonly acknowledgedCount: number
  /** Segments that compactions have written and that a crash has met. */
  readonly compactedCount: number
  readonly lost: readonly string[]
  readonly torn: readonly string[]
  readonly back: readonly string[]
}

interface Verdict {
  readonly lost: string[]
  readonly torn: string[]
  readonly back: string[]
}

const WRITERS = 8
const KEYS_EACH = 6
const READERS = 8
const BUCKET = 'crash-loop'
/** The server dies under load: not before so many writes of this life were answered. */
const ANSWERED_FIRST = WRITERS
const ANSWERS_WITHIN_MS = 5000
const LOAD_MS_MAX = 150
/** Share of recoveries that are cut short as well. */
const RECOVERY_CRASH_RATE = 0.2
const RECOVERY_MS_MAX = 300

export class CrashLoop {
  readonly #options: CrashLoopOptions
  readonly #oracle: Oracle
  readonly #agent = new Agent({ keepAlive: true })
  readonly #wire: Wire
  readonly #writers: readonly Writer[]
  readonly #random: () => number
  readonly #segments = new SegmentWatch()

  private constructor(options: CrashLoopOptions, oracle: Oracle) {
    this.#options = options
    this.#oracle = oracle
    this.#wire = new Wire(options.scene.server.endpoint, this.#agent)
    this.#random = seeded(options.seed)
    this.#writers = Array.from({ length: WRITERS }, (_, at) => {
      const shared = { wire: this.#wire, oracle, bucket: BUCKET, random: this.#random }
      return new Writer({ ...shared, name: `writer-${at}`, keyCount: KEYS_EACH })
    })
  }

  /** Ends at the first verdict that is not clean, or after all cycles and one clean stop. */
  static async run(options: CrashLoopOptions): Promise<CrashLoopResult> {
    const oracle = await Oracle.open(options.oraclePath)
    const loop = new CrashLoop(options, oracle)
    try {
      return await loop.#run()
    } finally {
      loop.#agent.destroy()
      await oracle.close()
    }
  }

  async #run(): Promise<CrashLoopResult> {
    const { scene, cycleCount, onProgress } = this.#options
    await this.#wire.send({ method: 'PUT', path: `/${BUCKET}` })
    for (let cycle = 1; cycle <= cycleCount; cycle++) {
      await this.#writeUntilDeath()
      await this.#comeBack()
      const verdict = await this.#judge()
      if (!isClean(verdict)) return this.#result(cycle, verdict)
      onProgress?.(`${cycle} of ${cycleCount}: ${this.#acknowledged} acknowledged, none lost`)
    }
    const code = await scene.server.stop()
    if (code !== 0) throw new Error(`a clean stop ended with ${code}`)
    await scene.server.up()
    return this.#result(cycleCount, await this.#judge())
  }

  get #acknowledged(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0)
  }

  #result(cycleCount: number, verdict: Verdict): CrashLoopResult {
    const compactedCount = this.#segments.compactedCount
    return { cycleCount, acknowledgedCount: this.#acknowledged, compactedCount, ...verdict }
  }

  async #writeUntilDeath(): Promise<void> {
    const { scene } = this.#options
    let isDying = false
    const before = this.#acknowledged
    const running = this.#writers.map((writer) => writer.run(() => isDying))
    const until = Date.now() + ANSWERS_WITHIN_MS
    while (this.#acknowledged - before < ANSWERED_FIRST && Date.now() < until) await sleep(5)
    await sleep(this.#random() * LOAD_MS_MAX)
    isDying = true
    await scene.die()
    await Promise.all(running)
    await this.#segments.look(scene.server.dataDir)
  }

  async #comeBack(): Promise<void> {
    const { scene } = this.#options
    if (this.#random() < RECOVERY_CRASH_RATE) {
      const starting = scene.server.up().catch(() => null)
      await sleep(this.#random() * RECOVERY_MS_MAX)
      await scene.die()
      await starting
    }
    await scene.server.up()
  }

  /** Reads every key the oracle knows and settles what was pending. */
  async #judge(): Promise<Verdict> {
    const verdict: Verdict = { lost: [], torn: [], back: [] }
    const present: string[] = []
    const expectations = await this.#oracle.expectations()
    const judgeNext = async () => {
      for (let next = expectations.pop(); next !== undefined; next = expectations.pop()) {
        if (await this.#judgeKey(next, verdict)) present.push(next.key)
      }
    }
    await Promise.all(Array.from({ length: READERS }, judgeNext))
    const list = await this.#wire.send({ method: 'GET', path: `/${BUCKET}` })
    const listed = elements(list.text, 'Key')
    if (listed.join() !== present.sort().join()) {
      verdict.lost.push(`the list is ${listed}, the objects are ${present}`)
    }
    return verdict
  }

  /** True when there is an object. */
  async #judgeKey(expectation: Expectation, verdict: Verdict): Promise<boolean> {
    const { key, settled, pending } = expectation
    const reply = await this.#wire.send({ method: 'GET', path: `/${BUCKET}/${key}` })
    if (reply.status !== 200 && reply.status !== 404) {
      throw new Error(`GET ${key}: ${reply.status} ${reply.text}`)
    }
    const found = reply.status === 200 ? reply.body : null
    const state = [settled, ...pending].find((candidate) => sameState(candidate, found))
    if (state === undefined) accuse(verdict, expectation, found)
    else if (pending.length > 0) await this.#oracle.observed(key, state)
    for (const writer of this.#writers) writer.learn(key, state ?? null)
    return found !== null
  }
}

function isClean({ lost, torn, back }: Verdict): boolean {
  return lost.length + torn.length + back.length === 0
}

function accuse(verdict: Verdict, expectation: Expectation, found: Buffer | null): void {
  const said = `${expectation.key}: ${JSON.stringify(expectation)}, found ${found?.length ?? 'none'}`
  if (found === null) verdict.lost.push(said)
  else if (expectation.settled === null) verdict.back.push(said)
  else verdict.torn.push(said)
}
