/**
 * A place for whole, immutable files outside of this machine. Slow, and not always there.
 *
 * What fails rejects with an error whose `code` is an errno name, as those of `FileSystem` do:
 * EHOSTUNREACH when the far side does not answer or refuses, after some attempts of its own.
 */
export interface RemoteFolder extends AsyncDisposable {
  /** For messages; without secrets. */
  readonly name: string
  /** Stores all of `source` under a name, in place of what had it. Durable there at resolve. */
  put(name: string, source: RemoteSource, signal: AbortSignal): Promise<void>
  /** Bytes start … end-1, fewer only at the end of the file; null when there is no such file. */
  read(name: string, range: RemoteRange): Promise<Buffer | null>
  /** No-op when there is none. */
  remove(name: string): Promise<void>
}

/** Read from start to end, once or more often. */
export interface RemoteSource {
  readonly size: number
  /** As `FileHandle.read`. */
  read(target: Uint8Array, position: number): Promise<number>
}

export interface RemoteRange {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}
