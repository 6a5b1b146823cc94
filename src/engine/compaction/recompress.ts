/** Makes a stored chunk smaller for a colder tier, and proves that it still is the same chunk. */
import { crc32c } from '@node-rs/crc32'
import type { CodecName, RecordHeader } from '../../segment/types.ts'
import { codecOf, compressChunk } from '../compression/choose.ts'
import { type Codec, CodecError } from '../compression/codec.ts'

export interface Recompressed {
  readonly codec: CodecName
  readonly payload: Buffer
  readonly payloadCrc: number
}

/**
 * Null when nothing is gained.
 *
 * @throws CodecError when the stored payload, or what was made of it, does not decompress to what
 *   it should
 */
export async function recompress(
  { codec, rawSize }: RecordHeader,
  stored: Buffer,
  target: Codec,
): Promise<Recompressed | null> {
  const raw = await codecOf[codec].decompress(stored, rawSize)
  const made = await compressChunk(raw, target)
  if (made.payload.length >= stored.length) return null
  const again = await codecOf[made.codec].decompress(made.payload, rawSize)
  if (!again.equals(raw)) throw new CodecError(`${made.codec} does not give back what it was given`)
  return { ...made, payloadCrc: crc32c(made.payload) }
}
