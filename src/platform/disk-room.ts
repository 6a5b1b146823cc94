/**
 * Keeps a reserve free on the volume of the data directory, so that on a full disk deletes and
 * compaction can still write the little they need to make room.
 *
 * The volume is asked at intervals, never by a request; between two looks, what is noted counts.
 */
import type { FileSystem } from './file-system.ts'

/** Whether there is room for more than what makes room. Asked with every write: no I/O. */
export interface Room {
  /** Only the reserve is left: nothing is to be written but what helps to remove something. */
  readonly isShort: boolean
  /** So many bytes are on their way to the disk. */
  note(size: number): void
}

/** Where nobody counts. */
export const endlessRoom: Room = { isShort: false, note: () => {} }

export interface DiskRoomParts {
  readonly fs: FileSystem
  /** A folder of the volume. */
  readonly path: string
  /** Bytes to keep free; on a small volume a twentieth of it, if that is less. */
  readonly reserveSize: number
  /** From one look at the volume to the next. */
  readonly intervalMs?: number
}

/** Bounds how long writes stay refused after room was made. */
const INTERVAL_MS = 1000
const SHARE_MAX = 1 / 20

/** The room of one volume; looks at intervals until it is disposed of. */
export class DiskRoom implements Room, AsyncDisposable {
  readonly #parts: DiskRoomParts
  readonly #timer: NodeJS.Timeout
  /** Bytes above the reserve. */
  #left = Number.POSITIVE_INFINITY
  #freeSize = Number.POSITIVE_INFINITY
  /** What is noted may come out smaller: with half of the room gone, it is looked again. */
  #lookBelow = Number.NEGATIVE_INFINITY
  #reserveSize: number
  #looking: Promise<void> | null = null

  private constructor(parts: DiskRoomParts) {
    this.#parts = parts
    this.#reserveSize = parts.reserveSize
    const { intervalMs = INTERVAL_MS } = parts
    this.#timer = setInterval(() => void this.look(), intervalMs).unref()
  }

  static async open(parts: DiskRoomParts): Promise<DiskRoom> {
    const room = new DiskRoom(parts)
    await room.look()
    return room
  }

  get isShort(): boolean {
    return this.#left <= 0
  }

  /** What is kept free of this volume, in bytes. */
  get reserveSize(): number {
    return this.#reserveSize
  }

  /** Bytes that what helps to make room may use, the reserve included. */
  get freeSize(): number {
    return Math.max(0, this.#freeSize)
  }

  note(size: number): void {
    this.#left -= size
    this.#freeSize -= size
    if (this.#left >= this.#lookBelow) return
    this.#lookBelow = Number.NEGATIVE_INFINITY
    void this.look()
  }

  /** Looks now. Never rejects: a volume that does not answer is as it was. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { fs, path, reserveSize } = this.#parts
    try {
      const { freeSize, totalSize } = await fs.space(path)
      this.#freeSize = freeSize
      this.#reserveSize = Math.min(reserveSize, Math.floor(totalSize * SHARE_MAX))
      // Without a reserve nothing is kept, and the disk itself says when it is full.
      this.#left = reserveSize === 0 ? Number.POSITIVE_INFINITY : freeSize - this.#reserveSize
      this.#lookBelow = this.#left > 0 ? this.#left / 2 : Number.NEGATIVE_INFINITY
    } catch {
      // Whatever is the matter with the disk, writes will tell.
    }
  }
}
