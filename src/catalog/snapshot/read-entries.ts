import { nextTurn } from '../../base/next-turn.ts'
import type { Segments } from '../../segment/segments.ts'
import type { Entry } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import type { PageCodec } from './page-codec.ts'
import { rawPage } from './raw-page.ts'
import { decodePage } from './snapshot-record.ts'

/**
 * The entries of a snapshot in order, also of one that is still being written, as far as it is
 * durable. Lets the event loop run between pages.
 *
 * @throws CatalogError `corruption`
 */
export async function* readEntries(
  segments: Segments,
  id: number,
  codec: PageCodec | null,
): AsyncGenerator<Entry> {
  for await (const step of segments.scan(id, { payloads: true })) {
    if (step.step !== 'record' || step.payload === null) {
      throw new CatalogError('corruption', `snapshot ${id} does not verify`)
    }
    if (step.header.kind !== 'snapshotPage') return
    yield* decodePage(await rawPage(step.header, step.payload, codec))
    await nextTurn()
  }
}
