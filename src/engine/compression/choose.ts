/** Decides per chunk whether compression pays, and knows the codec of every name. */
import type { CodecName, Tier } from '../../segment/types.ts'
import type { Codec } from './codec.ts'
import { compressLz4Sync, lz4 } from './lz4.ts'
import { none } from './none.ts'
import { zstd, zstdHigh } from './zstd.ts'

export interface Compressed {
  readonly codec: CodecName
  readonly payload: Buffer
}

/** By what a record says it was made with: any of that name reads it. */
export const codecOf: Readonly<Record<CodecName, Codec>> = { none, lz4, zstd }

/** What each tier is written with: speed while it is hot, room when it is cold. */
export const codecOfTier: Readonly<Record<Tier, Codec>> = {
  hot: lz4,
  warm: zstd,
  cold: zstdHigh,
}

/** Smaller than this, nothing is gained once headers and padding are counted. */
const RAW_SIZE_MIN = 128
/** From this size on, a sample is tried first: what does not shrink then costs next to nothing. */
const SAMPLED_SIZE_MIN = 32 * 1024
const SAMPLE_SIZE = 4 * 1024

/** Compressed with `codec` if that saves at least a sixteenth; else as it is. */
export async function compressChunk(raw: Buffer, codec: Codec): Promise<Compressed> {
  if (codec.name === 'none' || !(await promises(raw, codec))) return { codec: 'none', payload: raw }
  return worthIt(raw, await codec.compress(raw), codec.name)
}

/** The same with LZ4, now, for blobs that ride in a commit. */
export function compressSmall(raw: Buffer): Compressed {
  if (looksRandom(raw) || !promisesLz4(raw)) return { codec: 'none', payload: raw }
  return worthIt(raw, compressLz4Sync(raw), 'lz4')
}

function worthIt(raw: Buffer, compressed: Buffer, codec: CodecName): Compressed {
  return isWorthIt(compressed, raw)
    ? { codec, payload: compressed }
    : { codec: 'none', payload: raw }
}

/** A sixteenth must be saved for compression to be worth a decompression. */
function isWorthIt(compressed: Buffer, raw: Buffer): boolean {
  return compressed.length <= raw.length - Math.ceil(raw.length / 16)
}

/** Whether three samples, from start, middle and end, let hope for any gain. */
function promises(raw: Buffer, codec: Codec): boolean | Promise<boolean> {
  return codec.name === 'zstd' ? promisesZstd(raw) : promisesLz4(raw)
}

function promisesLz4(raw: Buffer): boolean {
  if (raw.length < SAMPLED_SIZE_MIN) return raw.length >= RAW_SIZE_MIN
  return samplesOf(raw).some((sample) => isWorthIt(compressLz4Sync(sample), sample))
}

/** Bytes looked at, and by how much evenly spread ones coincide at most: by chance, 1 in 256. */
const LOOKED_AT_COUNT = 512
const COINCIDENCE_MAX = 1 / 212

/** How often each byte was seen; for one look at a time. */
const counts = new Uint16Array(256)

/**
 * Whether small bytes are as evenly spread as those of what is compressed or encrypted already: to
 * try costs ten times as much as this, which is more than a small write can spare.
 */
function looksRandom(raw: Buffer): boolean {
  const step = Math.max(1, Math.floor(raw.length / LOOKED_AT_COUNT))
  counts.fill(0)
  let [count, pairs] = [0, 0]
  for (let at = 0; at < raw.length && count < LOOKED_AT_COUNT; at += step) {
    const byte = raw[at]!
    const seen = counts[byte]!
    pairs += seen
    counts[byte] = seen + 1
    count += 1
  }
  return pairs < (count * (count - 1) * COINCIDENCE_MAX) / 2
}

/**
 * Zstd finds gains where LZ4 sees none, such as in text of random letters: it is asked itself. But
 * where bytes are evenly spread only what repeats is to be gained, and LZ4 sees that for less.
 */
async function promisesZstd(raw: Buffer): Promise<boolean> {
  if (raw.length < SAMPLED_SIZE_MIN) return raw.length >= RAW_SIZE_MIN
  if (looksRandom(raw)) return promisesLz4(raw)
  for (const sample of samplesOf(raw)) {
    if (isWorthIt(await zstd.compress(sample), sample)) return true
  }
  return false
}

function samplesOf(raw: Buffer): readonly Buffer[] {
  const starts = [0, (raw.length - SAMPLE_SIZE) >>> 1, raw.length - SAMPLE_SIZE]
  return starts.map((start) => raw.subarray(start, start + SAMPLE_SIZE))
}
