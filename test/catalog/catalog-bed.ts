import type { Catalog, Entry } from '../../src/catalog/catalog.ts'
import type { CatalogEvent } from '../../src/catalog/events.ts'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { everyKey, type OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import { LocalCatalog, type LocalCatalogOptions } from '../../src/catalog/local-catalog.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import type { RecordInput } from '../../src/segment/types.ts'

export const storeId = '00112233-4455-6677-8899-aabbccddeeff'

export interface OpenOptions {
  readonly kv?: OrderedKv
  readonly options?: Partial<LocalCatalogOptions>
  readonly seed?: number
  readonly directory?: string
  readonly acceptsLoss?: boolean
}

/** A catalog, the segments below it, and what it said. */
export interface Bed extends AsyncDisposable {
  readonly catalog: LocalCatalog
  readonly segments: LocalSegments
  readonly events: CatalogEvent[]
  /** Ends without any order, as a killed process does. */
  kill(): Promise<void>
}

export async function openBed(fs: FileSystem, open: OpenOptions = {}): Promise<Bed> {
  let now = 1_700_000_000_000
  const clock = { now: () => now++ }
  const random = new SeededRandom(open.seed ?? 1)
  const directory = open.directory ?? '/data'
  const segments = await LocalSegments.open({ fs, directory, storeId, clock, random })
  const events: CatalogEvent[] = []
  const catalog = await LocalCatalog.open({
    segments,
    kv: open.kv ?? new MemoryKv(),
    clock,
    listener: (event) => events.push(event),
    acceptsLoss: open.acceptsLoss ?? false,
    options: { automatic: false, ...open.options },
  })
  return {
    catalog,
    segments,
    events,
    kill: () => segments[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await catalog[Symbol.asyncDispose]()
      await segments[Symbol.asyncDispose]()
    },
  }
}

/** An index that outlives its handles, as one on disk does: `open` gives a handle to it. */
export class LastingKv {
  #current: OrderedKv = new MemoryKv()

  get position() {
    return this.#current.position
  }

  /** For tests that damage it. */
  get current(): OrderedKv {
    return this.#current
  }

  set current(kv: OrderedKv) {
    this.#current = kv
  }

  open(): OrderedKv {
    return this.#handle(this.#current)
  }

  /** As it is at this moment; both go on by themselves. */
  fork(): () => Promise<LastingKv> {
    const view = this.#current.view()
    return async () => {
      const copy = new LastingKv()
      await copy.#current.apply([...view.range(everyKey)], view.position)
      return copy
    }
  }

  #handle(kv: OrderedKv): OrderedKv {
    return {
      get: (key) => kv.get(key),
      range: (range) => kv.range(range),
      get position() {
        return kv.position
      },
      view: () => kv.view(),
      apply: async (writes, position) => {
        await kv.apply(writes, position)
        if (kv.position !== null) this.#current = kv
      },
      successor: async () => this.#handle(new MemoryKv()),
      [Symbol.asyncDispose]: async () => {},
    }
  }
}

export const bytes = (text: string): Buffer => Buffer.from(text)

export function put(key: string, value: string): { key: Buffer; value: Buffer } {
  return { key: bytes(key), value: bytes(value) }
}

/** The row of a counter. */
export function counterRow(value: number): Buffer {
  const row = Buffer.alloc(8)
  row.writeBigInt64LE(BigInt(value))
  return row
}

export function chunk(text: string): RecordInput {
  const payload = bytes(text)
  return { kind: 'chunk', codec: 'none', blob: 'self', number: 0, rawSize: payload.length, payload }
}

export function rowsOf(catalog: Catalog): string[] {
  return textRows(catalog.range(everyKey))
}

export function textRows(entries: Iterable<Entry>): string[] {
  return [...entries].map(
    ({ key, value }) => `${key.toString('latin1')}=${value.toString('latin1')}`,
  )
}

/** Waits for what happens in the background. */
export async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; !condition(); round++) {
    if (round > 2000) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
