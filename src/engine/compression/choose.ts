/** Decides per chunk whether compression pays, and knows the codec of every name. */
import type { CodecName } from '../../segment/types.ts'
import type { Codec } from './codec.ts'
import { compressLz4Sync, lz4 } from './lz4.ts'
import { none } from './none.ts'
import { zstd } from './zstd.ts'

export interface Compressed {
  readonly codec: CodecName
  readonly payload: Buffer
}

export const codecOf: Readonly<Record<CodecName, Codec>> = { none, lz4, zstd }

/** Smaller than this, nothing is gained once headers and padding are counted. */
const RAW_SIZE_MIN = 128
/** From this size on, a sample is tried first: what does not shrink then costs next to nothing. */
const SAMPLED_SIZE_MIN = 32 * 1024
const SAMPLE_SIZE = 4 * 1024

/** Compressed with `codec` if that saves at least a sixteenth; else as it is. */
export async function compressChunk(raw: Buffer, codec: Codec): Promise<Compressed> {
  if (codec.name === 'none' || !promises(raw)) return { codec: 'none', payload: raw }
  return worthIt(raw, await codec.compress(raw), codec.name)
}

/** The same with LZ4, now, for blobs that ride in a commit. */
export function compressSmall(raw: Buffer): Compressed {
  if (!promises(raw)) return { codec: 'none', payload: raw }
  return worthIt(raw, compressLz4Sync(raw), 'lz4')
}

function worthIt(raw: Buffer, compressed: Buffer, codec: CodecName): Compressed {
  return compressed.length <= worthSize(raw.length)
    ? { codec, payload: compressed }
    : { codec: 'none', payload: raw }
}

/** At most this many bytes may be left of `rawSize` for compression to be worth a decompression. */
function worthSize(rawSize: number): number {
  return rawSize - Math.ceil(rawSize / 16)
}

/** Whether three samples, from start, middle and end, let hope for any gain. */
function promises(raw: Buffer): boolean {
  if (raw.length < SAMPLED_SIZE_MIN) return raw.length >= RAW_SIZE_MIN
  const starts = [0, (raw.length - SAMPLE_SIZE) >>> 1, raw.length - SAMPLE_SIZE]
  return starts.some((start) => {
    const sample = raw.subarray(start, start + SAMPLE_SIZE)
    return compressLz4Sync(sample).length <= worthSize(SAMPLE_SIZE)
  })
}
