import { createRequire } from 'node:module'
import type * as Zstd from '@mongodb-js/zstd'
import { type Codec, CodecError } from './codec.ts'

/** Fast enough for a client that waits: about as fast as a warm disk writes. */
const WARM_LEVEL = 3
/**
 * What is cold is written once and kept for long: some processor time for some percent of room.
 * From the next level but one on, tables take 20 ms to make for every chunk, however small it is,
 * and the chunk gets smaller by two in a thousand.
 */
const COLD_LEVEL = 10
const MAGIC = 0xfd2fb528
/** RFC 8878 §3.1.1.2.4: no block makes more than this. */
const BLOCK_RAW_SIZE_MAX = 128 * 1024

/**
 * Loaded when first needed: nothing is written as Zstd while it is hot. The package's own front
 * (1.2.2) drops the level on its way to the bindings, so they are called themselves.
 */
function library(): typeof Zstd {
  return createRequire(import.meta.url)('@mongodb-js/zstd/bindings.js') as typeof Zstd
}

/** One Zstd frame (RFC 8878). Always off the event loop. */
export const zstd: Codec = {
  name: 'zstd',
  compress: (raw) => library().compress(raw, WARM_LEVEL),

  async decompress(stored, rawSize) {
    // The decoder takes no limit: how much the blocks can make is counted first.
    const limit = Math.ceil(rawSize / BLOCK_RAW_SIZE_MAX) * BLOCK_RAW_SIZE_MAX
    if (rawSizeBound(stored) > limit) throw new CodecError('zstd frame makes too much')
    const { decompress } = library()
    const raw = await decompress(stored).catch((cause: unknown) => {
      throw new CodecError('zstd frame', { cause })
    })
    if (raw.length !== rawSize) throw new CodecError('zstd raw size')
    return raw
  },
}

/** The same frames, made smaller with more effort. */
export const zstdHigh: Codec = {
  ...zstd,
  compress: (raw) => library().compress(raw, COLD_LEVEL),
}

/**
 * The most a frame can decompress to, from its block headers (RFC 8878 §3.1.1); infinite for
 * anything that is not one frame from the first byte to the last.
 */
export function rawSizeBound(frame: Buffer): number {
  if (frame.length < 6 || frame.readUInt32LE(0) !== MAGIC) return Number.POSITIVE_INFINITY
  const descriptor = frame.readUInt8(4)
  const singleSegment = (descriptor >> 5) & 1
  const contentSizeFlag = descriptor >> 6
  const contentSizeSize = contentSizeFlag === 0 ? singleSegment : 1 << contentSizeFlag
  const dictionaryIdSize = [0, 1, 2, 4][descriptor & 3] ?? 0
  const checksumSize = (descriptor >> 2) & 1 ? 4 : 0
  let at = 5 + (1 - singleSegment) + dictionaryIdSize + contentSizeSize
  let bound = 0
  for (let last = false; !last; ) {
    if (at + 3 > frame.length) return Number.POSITIVE_INFINITY
    const block = frame.readUIntLE(at, 3)
    const kind = (block >> 1) & 3
    const size = block >> 3
    last = (block & 1) === 1
    // Raw and run-length blocks make `size` bytes; the latter take one.
    bound += kind === 2 ? BLOCK_RAW_SIZE_MAX : size
    at += 3 + (kind === 1 ? 1 : size)
  }
  return at + checksumSize === frame.length ? bound : Number.POSITIVE_INFINITY
}
