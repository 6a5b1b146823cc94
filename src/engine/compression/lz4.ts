import { loadLate } from '../../base/load-late.ts'
import { type Codec, CodecError, OFF_LOOP_SIZE } from './codec.ts'

const library = loadLate<typeof import('lz4-napi')>('lz4-napi')

/** LZ4 block with its raw size before it, as a little-endian u32 (docs/format.md#record). */
export const lz4: Codec = {
  name: 'lz4',
  compress: (raw) => {
    const { compress, compressSync } = library()
    return raw.length <= OFF_LOOP_SIZE ? compressSync(raw) : compress(raw)
  },

  decompress(stored, rawSize) {
    // The decoder trusts the size in front and allocates it: it is compared before, not after.
    if (stored.length < 4 || stored.readUInt32LE(0) !== rawSize) throw new CodecError('lz4 size')
    if (rawSize > OFF_LOOP_SIZE) return library().uncompress(stored).then(checked, refuse)
    try {
      return checked(library().uncompressSync(stored))
    } catch (error) {
      return refuse(error)
    }

    function checked(raw: Buffer): Buffer {
      if (raw.length !== rawSize) throw new CodecError('lz4 raw size')
      return raw
    }
  },
}

/** For a caller that cannot wait; the bytes it has are small. */
export function compressLz4Sync(raw: Buffer): Buffer {
  return library().compressSync(raw)
}

function refuse(cause: unknown): never {
  throw new CodecError('lz4 block', { cause })
}
