import type { CodecName } from '../../segment/types.ts'

/** How pages of a snapshot are made smaller. The catalog has no codec of its own: it is given one. */
export interface PageCodec {
  readonly name: CodecName
  /** `raw` must not change until it settles. */
  compress(raw: Buffer): Promise<Buffer> | Buffer
  /** Gives back exactly `rawSize` bytes, or throws. */
  decompress(stored: Buffer, rawSize: number): Promise<Buffer> | Buffer
}
