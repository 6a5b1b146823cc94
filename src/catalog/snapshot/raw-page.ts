import type { RecordHeader } from '../../segment/types.ts'
import { CatalogError } from '../errors.ts'
import type { PageCodec } from './page-codec.ts'

/** @throws CatalogError `corruption` when the page was compressed with another codec */
export async function rawPage(
  header: RecordHeader,
  payload: Buffer,
  codec: PageCodec | null,
): Promise<Buffer> {
  if (header.codec === 'none') return payload
  if (header.codec !== codec?.name) throw new CatalogError('corruption', 'codec of a snapshot page')
  return codec.decompress(payload, header.rawSize)
}
