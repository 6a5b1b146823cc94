/**
 * What the client knows of every key, in a file it syncs before it asks and after it was told: the
 * judge of a crash. It is read back from that file, never from memory.
 */
import { createCipheriv } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** A body by its recipe: pieces of key streams, so that terabytes of history need no space. */
export type Value = readonly { readonly seed: number; readonly size: number }[]

/** Null: there is no object. */
export type State = Value | null

type Line =
  | { readonly kind: 'intend'; readonly id: number; readonly key: string; readonly next: State }
  | { readonly kind: 'acknowledged'; readonly id: number }
  | { readonly kind: 'observed'; readonly key: string; readonly now: State }

export interface Expectation {
  readonly key: string
  /** What was last acknowledged, or seen after a crash. */
  readonly settled: State
  /** What was asked for since and never answered: it may have happened, whole. */
  readonly pending: readonly State[]
}

interface KnownKey {
  settled: State
  readonly pending: Map<number, State>
}

export class Oracle {
  readonly #file: FileHandle
  readonly #known = new Map<string, KnownKey>()
  /** Of intentions without an answer. */
  readonly #keyOf = new Map<number, string>()
  #readSize = 0
  #nextId = 1
  #queue: string[] = []
  #syncing: Promise<void> | null = null

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<Oracle> {
    return new Oracle(await open(path, 'ax+'))
  }

  /** Resolves once the intention is on disk. */
  async intend(key: string, next: State): Promise<number> {
    const id = this.#nextId++
    await this.#append({ kind: 'intend', id, key, next })
    return id
  }

  async acknowledged(id: number): Promise<void> {
    await this.#append({ kind: 'acknowledged', id })
  }

  async observed(key: string, now: State): Promise<void> {
    await this.#append({ kind: 'observed', key, now })
  }

  /** Reads on in the file from where the last call ended. */
  async expectations(): Promise<Expectation[]> {
    for (const line of await this.#newLines()) this.#apply(line)
    return [...this.#known].map(([key, { settled, pending }]) => {
      return { key, settled, pending: [...pending.values()] }
    })
  }

  async close(): Promise<void> {
    await this.#syncing
    await this.#file.close()
  }

  async #newLines(): Promise<Line[]> {
    const bytes = Buffer.alloc((await this.#file.stat()).size - this.#readSize)
    await this.#file.read(bytes, 0, bytes.length, this.#readSize)
    this.#readSize += bytes.length
    return bytes
      .toString()
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Line)
  }

  #apply(line: Line): void {
    if (line.kind === 'observed') {
      this.#known.set(line.key, { settled: line.now, pending: new Map() })
      return
    }
    const key = line.kind === 'intend' ? line.key : (this.#keyOf.get(line.id) ?? '')
    const known = this.#known.get(key) ?? { settled: null, pending: new Map() }
    this.#known.set(key, known)
    if (line.kind === 'intend') {
      this.#keyOf.set(line.id, key)
      known.pending.set(line.id, line.next)
    } else {
      known.settled = known.pending.get(line.id) ?? null
      known.pending.delete(line.id)
      this.#keyOf.delete(line.id)
    }
  }

  /** Lines that arrive while a sync runs share the next one. */
  async #append(line: Line): Promise<void> {
    this.#queue.push(`${JSON.stringify(line)}\n`)
    while (this.#syncing !== null) await this.#syncing
    if (this.#queue.length === 0) return
    const text = this.#queue.join('')
    this.#queue = []
    this.#syncing = (async () => {
      await this.#file.appendFile(text)
      await this.#file.datasync()
    })()
    try {
      await this.#syncing
    } finally {
      this.#syncing = null
    }
  }
}

/** The bytes a value stands for. */
export function bytesOf(value: Value): Buffer {
  return Buffer.concat(value.map(({ seed, size }) => keyStream(seed, size)))
}

export function sameState(state: State, found: Buffer | null): boolean {
  if (state === null || found === null) return state === null && found === null
  const size = state.reduce((sum, piece) => sum + piece.size, 0)
  return size === found.length && bytesOf(state).equals(found)
}

function keyStream(seed: number, size: number): Buffer {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}
