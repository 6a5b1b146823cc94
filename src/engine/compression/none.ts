import { type Codec, CodecError } from './codec.ts'

/** Bytes as they are. */
export const none: Codec = {
  name: 'none',
  compress: (raw) => raw,
  decompress(stored, rawSize) {
    if (stored.length !== rawSize) throw new CodecError('raw size')
    return stored
  },
}
