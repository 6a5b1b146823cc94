import type { CodecName } from '../../segment/types.ts'

/** One way to make bytes smaller. Stateless; each call stands alone. */
export interface Codec {
  readonly name: CodecName
  /** Large inputs are compressed off the event loop. `raw` must not change until it settles. */
  compress(raw: Buffer): Promise<Buffer> | Buffer
  /**
   * Gives back exactly `rawSize` bytes and never makes more than that of them.
   *
   * @throws CodecError when the bytes are not what `compress` made of `rawSize` bytes
   */
  decompress(stored: Buffer, rawSize: number): Promise<Buffer> | Buffer
}

/** Stored bytes that do not decompress to what was recorded: always corruption. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
}

/** Above this, work goes to the thread pool: it would hold the event loop for 50 µs and more. */
export const OFF_LOOP_SIZE = 128 * 1024
