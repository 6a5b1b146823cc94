/**
 * Many clients on the same keys of a real server that is killed again and again: does every key
 * behave as one register? A listing counts as a read of every key at some moment while it ran.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findViolation, type Violation } from '../../test/linearizability/linearizable.ts'
import { type ObjectAction, objectRegister } from '../../test/linearizability/object-register.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { Wire } from '../harness/wire.ts'
import { smallFiles } from './crash-scene.ts'
import { RegisterClient } from './register-client.ts'
import { RegisterHistory } from './register-history.ts'
import { seeded } from './seeded.ts'

export interface RegisterRunOptions {
  /** Answers to wait for, listings not counted. */
  readonly operationCount: number
  readonly seed: number
  readonly killCount: number
  readonly clientCount: number
  readonly keyCount: number
  readonly onProgress?: (text: string) => void
}

export interface RegisterResult {
  readonly violation: Violation<ObjectAction> | null
  readonly answeredCount: number
  readonly unknownCount: number
  readonly listCount: number
  readonly killCount: number
}

const BUCKET = 'registers'
const LIST_EVERY_MS = 40
/** @throws Error when a client is told what no client should be told */
export async function runRegisters(options: RegisterRunOptions): Promise<RegisterResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'varve-registers-'))
  const dataDir = path.join(folder, 'data')
  const server = await ServerProcess.start({ env: smallFiles(folder), dataDir })
  try {
    return await fight(server, options)
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function fight(server: ServerProcess, options: RegisterRunOptions): Promise<RegisterResult> {
  const { operationCount, seed, killCount, clientCount, keyCount } = options
  const agent = new Agent({ keepAlive: true, maxSockets: clientCount + 1 })
  const wire = new Wire(server.endpoint, agent)
  await wire.send({ method: 'PUT', path: `/${BUCKET}` })
  const history = new RegisterHistory()
  const keys = Array.from({ length: keyCount }, (_, index) => `key-${index}`)
  const clients = Array.from({ length: clientCount }, (_, index) => {
    const random = seeded(seed + index)
    return new RegisterClient({ wire, history, bucket: BUCKET, keys, random, name: `c${index}` })
  })
  let operationsLeft = operationCount
  let isOver = false
  let listCount = 0
  const lister = clients[0] as RegisterClient
  const listing = async () => {
    while (!isOver) {
      if (await lister.list()) listCount++
      await sleep(LIST_EVERY_MS)
    }
  }
  const asking = clients.map((client) => client.run(() => isOver || operationsLeft-- <= 0))
  const left = () => (isOver ? 0 : operationsLeft)
  const killing = killAgain({ ...options, server, history, left })
  const ended = Promise.all([...asking, killing]).finally(() => {
    isOver = true
  })
  try {
    await Promise.all([ended, listing()])
    await server.kill()
    history.died()
    await server.up()
    await lister.list()
    await lister.readAll()
  } finally {
    isOver = true
    agent.destroy()
  }
  history.end()
  const violation = findViolation(objectRegister, history.operations)
  const { answeredCount, unknownCount } = history
  return { violation, answeredCount, unknownCount, listCount, killCount: killCount + 1 }
}

interface Killing extends RegisterRunOptions {
  readonly server: ServerProcess
  readonly history: RegisterHistory
  readonly left: () => number
}

/** Spread evenly over the operations. */
async function killAgain(killing: Killing): Promise<void> {
  const { server, history, killCount, operationCount, left, onProgress } = killing
  for (let kill = 1; kill <= killCount; kill++) {
    const leftThen = operationCount * (1 - kill / (killCount + 1))
    while (left() > leftThen) await sleep(5)
    await server.kill()
    history.died()
    await server.up()
    onProgress?.(`kill ${kill} of ${killCount}, ${Math.max(0, left())} operations to go`)
  }
}
