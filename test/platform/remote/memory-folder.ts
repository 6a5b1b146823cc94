import { ErrnoError } from '../../../src/platform/errno-error.ts'
import type {
  RemoteFolder,
  RemoteRange,
  RemoteSource,
} from '../../../src/platform/remote/remote-folder.ts'

/** A far side in memory, that can be made to fail, to lie and to lose. */
export class MemoryFolder implements RemoteFolder {
  readonly name = 'memory://far/'
  readonly files = new Map<string, Buffer>()
  /** Nothing answers while it is set. */
  isDown = false
  /** What becomes of the bytes of a file on their way. */
  spoil: (bytes: Buffer) => Buffer = (bytes) => bytes
  readCount = 0

  async put(name: string, source: RemoteSource, signal: AbortSignal): Promise<void> {
    this.#require()
    const bytes = Buffer.alloc(source.size)
    await source.read(bytes, 0)
    signal.throwIfAborted()
    this.files.set(name, this.spoil(bytes))
  }

  async read(name: string, { start, end }: RemoteRange): Promise<Buffer | null> {
    this.#require()
    this.readCount += 1
    const file = this.files.get(name)
    return file === undefined ? null : Buffer.from(file.subarray(start, end))
  }

  async remove(name: string): Promise<void> {
    this.#require()
    this.files.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #require(): void {
    if (this.isDown) throw new ErrnoError('EHOSTUNREACH', 'reach', this.name)
  }
}
