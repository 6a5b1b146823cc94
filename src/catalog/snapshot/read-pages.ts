import { nextTurn } from '../../base/next-turn.ts'
import type { Segments } from '../../segment/segments.ts'
import type { Entry } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import type { PageCodec } from './page-codec.ts'
import { rawPage } from './raw-page.ts'
import { decodePage } from './snapshot-record.ts'

/**
 * The entries of a snapshot in order, page by page, also of one that is still being written, as far
 * as it is durable. Lets the event loop run between pages.
 *
 * @throws CatalogError `corruption`
 */
export async function* readPages(
  segments: Segments,
  id: number,
  codec: PageCodec | null,
): AsyncGenerator<readonly Entry[]> {
  for await (const step of segments.scan(id, { payloads: true })) {
    if (step.step !== 'record' || step.payload === null) {
      throw new CatalogError('corruption', `snapshot ${id} does not verify`)
    }
    if (step.header.kind !== 'snapshotPage') return
    yield decodePage(await rawPage(step.header, step.payload, codec))
    await nextTurn()
  }
}

/** Stands at one entry after another. */
export class EntryCursor {
  readonly #pages: AsyncIterator<readonly Entry[]>
  #page: readonly Entry[] = []
  #index = 0

  /** Before the first entry: `turn` comes first. */
  constructor(pages: AsyncIterator<readonly Entry[]>) {
    this.#pages = pages
  }

  /** Null at the end. */
  get entry(): Entry | null {
    return this.#page[this.#index] ?? null
  }

  /** To the next entry of the page; false when the page is done: `turn` leads on. */
  advance(): boolean {
    return ++this.#index < this.#page.length
  }

  /** To the first entry of the next page, or the end. */
  async turn(): Promise<void> {
    this.#index = 0
    do {
      const page = await this.#pages.next()
      this.#page = page.done === true ? [] : page.value
      if (page.done === true) return
    } while (this.#page.length === 0)
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}
