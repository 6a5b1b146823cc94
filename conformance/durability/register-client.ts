/** Clients that fight over the same keys, and write down what they asked and were told. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectAnswer } from '../../test/linearizability/object-register.ts'
import type { Wire, WireReply, WireRequest } from '../harness/wire.ts'
import { elements } from '../harness/xml.ts'
import type { ObjectRequest, RegisterHistory } from './register-history.ts'

export interface RegisterClientOptions {
  readonly wire: Wire
  readonly history: RegisterHistory
  readonly bucket: string
  /** Of 1000 at most, so that one page lists them all. */
  readonly keys: readonly string[]
  readonly random: () => number
  /** Tells this client's values from all others. */
  readonly name: string
}

/** The first keys get half of all requests. */
const HOT_KEY_COUNT = 6
const LARGE_RATE = 0.03
const LARGE_SIZE = 90_000
const PAUSE_MS = 10
/** What a client may be told without anything being broken. */
const statuses: ReadonlySet<number> = new Set([200, 204, 404, 412])

/** Asks without pause; a value is known by its ETag, and no two bodies are alike. */
export class RegisterClient {
  readonly #options: RegisterClientOptions
  /** ETags as last seen, by key. */
  readonly #seen = new Map<string, string>()
  #bodyCount = 0

  constructor(options: RegisterClientOptions) {
    this.#options = options
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#once()
  }

  /** Every key read once by a GET. */
  async readAll(): Promise<void> {
    for (const key of this.#options.keys) await this.#ask(key, { kind: 'get' })
  }

  /** Every key read once by a listing: what is not in it is said not to be there. */
  async list(): Promise<boolean> {
    const { wire, history, bucket, keys } = this.#options
    const tickets = keys.map((key) => history.call(key))
    const query = 'list-type=2&max-keys=1000'
    const reply = await answered(wire, { method: 'GET', path: `/${bucket}`, query })
    if (typeof reply === 'string') return false
    const etags = elements(reply.text, 'ETag')
    const listed = new Map(elements(reply.text, 'Key').map((key, at) => [key, bare(etags[at])]))
    for (const ticket of tickets) {
      const value = listed.get(ticket.key) ?? null
      history.answered(ticket, { kind: 'get' }, { kind: 'found', value })
    }
    return true
  }

  async #once(): Promise<void> {
    const { keys, random } = this.#options
    const count = random() < 0.5 ? Math.min(HOT_KEY_COUNT, keys.length) : keys.length
    const key = keys[Math.floor(random() * count)] ?? ''
    const seen = this.#seen.get(key)
    const dice = random()
    if (dice < 0.4) return this.#ask(key, { kind: 'get' })
    if (dice < 0.5) return this.#ask(key, { kind: 'delete' })
    if (dice < 0.53 && seen !== undefined) {
      return this.#ask(key, { kind: 'delete', condition: { ifMatch: seen } })
    }
    const body = this.#body()
    const put = { kind: 'put', value: md5(body) } as const
    if (dice < 0.63) return this.#ask(key, { ...put, condition: 'if-none-match' }, body)
    if (dice < 0.8 && seen !== undefined) {
      return this.#ask(key, { ...put, condition: { ifMatch: seen } }, body)
    }
    return this.#ask(key, put, body)
  }

  async #ask(key: string, request: ObjectRequest, body?: Buffer): Promise<void> {
    const { wire, history, bucket } = this.#options
    const ticket = history.call(key)
    const reply = await answered(wire, {
      method: request.kind.toUpperCase(),
      path: `/${bucket}/${key}`,
      headers: headersOf(request),
      ...(body !== undefined && { body, payloadHash: 'UNSIGNED-PAYLOAD' }),
    })
    if (typeof reply === 'string') {
      if (reply === 'broken') history.unanswered(ticket, request)
      await sleep(PAUSE_MS)
      return
    }
    const answer = answerOf(request, reply)
    history.answered(ticket, request, answer)
    if (answer.kind === 'found' && answer.value !== null) this.#seen.set(key, answer.value)
    if (answer.kind === 'done' && request.kind === 'put') this.#seen.set(key, request.value)
  }

  #body(): Buffer {
    const { name, random } = this.#options
    const text = `${name} ${this.#bodyCount++} `
    return Buffer.alloc(random() < LARGE_RATE ? LARGE_SIZE : text.length, text)
  }
}

/**
 * `broken`: nobody knows what the server did. `refused`: there was no connection at all, or a
 * server that has not opened its store yet.
 */
async function answered(
  wire: Wire,
  request: WireRequest,
): Promise<WireReply | 'broken' | 'refused'> {
  const reply = await wire.send(request).catch((error: unknown) => {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
    return isRefused ? 'refused' : 'broken'
  })
  if (typeof reply === 'string' || statuses.has(reply.status)) return reply
  const isEarly = reply.status === 503 && reply.text.includes('still starting')
  if (isEarly) return 'refused'
  throw new Error(`${request.method} ${request.path}: ${reply.status} ${reply.text}`)
}

function headersOf(request: ObjectRequest): Readonly<Record<string, string>> {
  if (request.kind === 'get' || request.condition === undefined) return {}
  if (request.condition === 'if-none-match') return { 'if-none-match': '*' }
  return { 'if-match': `"${request.condition.ifMatch}"` }
}

function answerOf(request: ObjectRequest, { status, body, headers }: WireReply): ObjectAnswer {
  if (request.kind !== 'get') {
    if (status === 412) return { kind: 'refused' }
    return { kind: status === 404 ? 'absent' : 'done' }
  }
  if (status === 404) return { kind: 'found', value: null }
  const value = bare(headers.etag)
  if (md5(body) !== value) throw new Error(`a body that is not what its ETag says: ${value}`)
  return { kind: 'found', value }
}

function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
