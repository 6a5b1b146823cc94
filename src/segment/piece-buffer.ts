/**
 * Records on their way to the file, as the pieces of one gathering write: payloads are not copied;
 * the headers, and the padding before them, are cut from slabs.
 */
import { encodeRecordHeader, RECORD_HEADER_SIZE } from './record.ts'
import { type RecordHeader, recordSpan } from './types.ts'

const SLAB_SIZE = 16 * 1024
const PADDING_MAX = 7

export class PieceBuffer {
  readonly #nonce: number
  #pieces: Uint8Array[] = []
  #slab = Buffer.alloc(0)
  #slabUsed = 0
  /** Zero bytes owed to the record before; they travel with the next header. */
  #padding = 0

  constructor(nonce: number) {
    this.#nonce = nonce
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Answers with the bytes the record takes in the file. */
  push(header: RecordHeader, payload: Uint8Array): number {
    this.#pushHeader(header)
    if (payload.length > 0) this.#pieces.push(payload)
    const span = recordSpan(payload.length)
    this.#padding = span - RECORD_HEADER_SIZE - payload.length
    return span
  }

  /** Bytes that are no record; a multiple of 8. */
  pushRaw(bytes: Uint8Array): number {
    this.#pushPadding()
    this.#pieces.push(bytes)
    return bytes.length
  }

  /** Everything pushed since the last call, padded to a multiple of 8. */
  take(): Uint8Array[] {
    this.#pushPadding()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  #pushHeader(header: RecordHeader): void {
    if (this.#slabUsed + PADDING_MAX + RECORD_HEADER_SIZE > this.#slab.length) {
      // Zeroed, and never reused: pieces of it may still be on their way.
      this.#slab = Buffer.alloc(SLAB_SIZE)
      this.#slabUsed = 0
    }
    const start = this.#slabUsed
    const at = start + this.#padding
    encodeRecordHeader(header, this.#nonce, { bytes: this.#slab, at })
    this.#slabUsed = at + RECORD_HEADER_SIZE
    this.#pieces.push(this.#slab.subarray(start, this.#slabUsed))
    this.#padding = 0
  }

  #pushPadding(): void {
    if (this.#padding > 0) this.#pieces.push(new Uint8Array(this.#padding))
    this.#padding = 0
  }
}
