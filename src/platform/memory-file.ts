import { ChunkedBytes } from './chunked-bytes.ts'
import { applyChange, type FileChange, type Survival } from './crash-model.ts'
import { UnsyncedLog } from './unsynced-log.ts'

/** One file of a `MemoryFileSystem`: what readers see and, when simulating, what is durable. */
export class MemoryFile {
  readonly kind = 'file'
  /** Names and open handles: the bytes are given back when both are gone. */
  linkCount = 0
  handleCount = 0
  #content = new ChunkedBytes()
  readonly #durability: Durability | null

  constructor(simulate: boolean) {
    this.#durability = simulate ? makeDurability(new ChunkedBytes()) : null
  }

  get size(): number {
    return this.#content.size
  }

  read(target: Uint8Array, position: number): number {
    return this.#content.read(target, position)
  }

  /** Writes the first `length` bytes of the pieces. */
  write(pieces: readonly Uint8Array[], position: number, length: number): void {
    if (this.#durability === null) {
      let done = 0
      for (const piece of pieces) {
        if (done >= length) return
        const part = piece.subarray(0, Math.min(piece.length, length - done))
        this.#content.write(part, position + done)
        done += part.length
      }
    } else if (length > 0) {
      const bytes = Buffer.concat(pieces, length)
      this.#content.write(bytes, position)
      this.#durability.log.add({ kind: 'write', position, bytes })
    }
  }

  truncate(size: number): void {
    this.#content.truncate(size)
    this.#durability?.log.add({ kind: 'truncate', size })
  }

  /** Begins a sync: the returned functions end it, with success or failure. */
  beginSync(): PendingSync {
    const log = this.#durability?.log
    const covered = log?.cover() ?? []
    return { confirm: () => log?.confirm(covered), doom: () => log?.doom(covered) }
  }

  /** The file as a power loss leaves it. */
  afterPowerLoss(survival: Survival): MemoryFile {
    const { image, log } = this.#simulated()
    const left = image.fork()
    for (const entry of log.entries) {
      if (entry.state === 'durable') applyChange(left, entry.change)
      else survival.apply(left, entry.change)
    }
    const file = new MemoryFile(true)
    file.#content = left.fork()
    file.#simulated().image = left
    return file
  }

  /** The file as the death of the process leaves it: complete, and as little durable as before. */
  afterKill(): MemoryFile {
    const { image, log } = this.#simulated()
    const file = new MemoryFile(true)
    file.#content = this.#content.fork()
    const copy = file.#simulated()
    copy.image = image.fork()
    copy.log.adopt(log.entries)
    return file
  }

  #simulated(): Durability {
    if (this.#durability === null) throw new Error('this file system does not simulate a disk')
    return this.#durability
  }
}

export interface PendingSync {
  confirm(): void
  doom(): void
}

interface Durability {
  image: ChunkedBytes
  readonly log: UnsyncedLog<FileChange>
}

function makeDurability(image: ChunkedBytes): Durability {
  const durability: Durability = {
    image,
    log: new UnsyncedLog((change) => applyChange(durability.image, change)),
  }
  return durability
}
