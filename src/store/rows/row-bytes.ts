/** Writing and reading the fields of a row: little-endian, bounds always checked. */
import { StoreError } from '../errors.ts'

const INITIAL_SIZE = 512
/** What a writer that is done wrote in, for the next one: a row leaves in bytes of its own. */
let spare: Buffer | null = null
const SPARE_SIZE_MAX = 64 * 1024
const NONE = Buffer.alloc(0)

/** Collects the fields of one row. */
export class RowWriter {
  #bytes: Buffer
  #size = 0

  constructor() {
    this.#bytes = spare ?? Buffer.allocUnsafe(INITIAL_SIZE)
    spare = null
  }

  u8(value: number): this {
    this.#size = this.#room(1).writeUInt8(value, this.#size)
    return this
  }

  u16(value: number): this {
    this.#size = this.#room(2).writeUInt16LE(value, this.#size)
    return this
  }

  u32(value: number): this {
    this.#size = this.#room(4).writeUInt32LE(value, this.#size)
    return this
  }

  /** A safe integer in eight bytes. */
  u64(value: number): this {
    const bytes = this.#room(8)
    bytes.writeUInt32LE(value % 2 ** 32, this.#size)
    this.#size = bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.#size + 4)
    return this
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length).set(value, this.#size)
    this.#size += value.length
    return this
  }

  /** UTF-8 behind its size in two bytes. */
  text(value: string): this {
    const size = Buffer.byteLength(value)
    this.u16(size)
    this.#room(size).write(value, this.#size, 'utf8')
    this.#size += size
    return this
  }

  /** The row, in bytes of its own. Nothing can be added to it after that. */
  finish(): Buffer {
    const row = Buffer.from(this.#bytes.subarray(0, this.#size))
    if (this.#bytes.length <= SPARE_SIZE_MAX) spare = this.#bytes
    this.#bytes = NONE
    this.#size = 0
    return row
  }

  #room(size: number): Buffer {
    const needed = this.#size + size
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.#size)
      this.#bytes = grown
    }
    return this.#bytes
  }
}

/** Walks the fields of one row; a row that ends early or late is corruption. */
export class RowReader {
  readonly #row: string
  readonly #bytes: Buffer
  #position: number

  constructor(row: string, bytes: Buffer, position = 0) {
    this.#row = row
    this.#bytes = bytes
    this.#position = position
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2))
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4))
  }

  u64(): number {
    const position = this.#advance(8)
    const high = this.#bytes.readUInt32LE(position + 4)
    if (high > 0x1fffff) throw damagedRow(this.#row, 'integer')
    return high * 2 ** 32 + this.#bytes.readUInt32LE(position)
  }

  bytes(size: number): Buffer {
    const position = this.#advance(size)
    return this.#bytes.subarray(position, position + size)
  }

  text(): string {
    return this.bytes(this.u16()).toString('utf8')
  }

  /** A row has nothing after its last field. */
  end(): void {
    if (this.#position !== this.#bytes.length) throw damagedRow(this.#row, 'size')
  }

  #advance(size: number): number {
    const position = this.#position
    if (position + size > this.#bytes.length) throw damagedRow(this.#row, 'size')
    this.#position = position + size
    return position
  }
}

/** A stored row that does not decode: its CRC held, so this is a defect or a foreign writer. */
export function damagedRow(row: string, field: string): StoreError {
  return new StoreError('corruption', `${row} row: ${field}`, { row, field })
}

/** Refuses a row of a version this one does not know. */
export function requireRowVersion(row: string, bytes: Buffer, version: number): void {
  if (bytes.length === 0 || bytes[0] !== version) throw damagedRow(row, 'version')
}
