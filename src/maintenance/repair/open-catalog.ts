import { LocalCatalog } from '../../catalog/local-catalog.ts'
import type { Segments } from '../../segment/segments.ts'
import type { StoreGround } from '../store-ground.ts'

/** The catalog of a store that nobody else has, as far as its journal goes; writes by order only. */
export async function openCatalog(
  { clock, pageCodec, openIndex }: StoreGround,
  segments: Segments,
  storeId: string,
): Promise<LocalCatalog> {
  return LocalCatalog.open({
    segments,
    kv: await openIndex(storeId),
    clock,
    ...(pageCodec === null ? {} : { codec: pageCodec }),
    acceptsLoss: true,
    options: { automatic: false },
  })
}
