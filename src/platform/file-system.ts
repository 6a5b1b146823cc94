/**
 * The file system as every floor above sees it. Nothing above `platform` touches node:fs, so the
 * real engine and catalog run unchanged on a simulated disk that loses, tears and reorders
 * whatever was not synced (`memory-fs.ts`).
 *
 * Every method rejects with an error whose `code` is the errno name ('ENOENT', 'ENOSPC', 'EIO',
 * 'EMFILE', 'EROFS', …), whatever the implementation.
 *
 * Durability: nothing survives a power cut until it is synced. File bytes need `FileHandle.sync`;
 * a created, renamed or removed *name* needs `syncDirectory` of the folder that holds it.
 */
export interface FileSystem {
  /** Opens an existing file, or with 'create' a new one. 'create' fails with EEXIST. */
  open(path: string, mode: OpenMode): Promise<FileHandle>
  /** Replaces `target` if it exists. Atomic in memory; durable only after `syncDirectory`. */
  rename(source: string, target: string): Promise<void>
  /** Removes a file. Fails with ENOENT when there is none. */
  remove(path: string): Promise<void>
  /** Makes a folder and its missing parents; succeeds if it is there. Syncs what it made. */
  makeDirectory(path: string): Promise<void>
  /** Names (not paths) in a folder, sorted. Fails with ENOENT when there is none. */
  list(path: string): Promise<readonly string[]>
  /** Makes the names in this folder durable. */
  syncDirectory(path: string): Promise<void>
  /** Resolves with null when nothing has this name. */
  stat(path: string): Promise<FileStat | null>
  /** Room on the volume that holds `path`, in bytes. */
  space(path: string): Promise<{ readonly freeSize: number; readonly totalSize: number }>
  /**
   * Takes an exclusive lock on `path` (created if missing) that dies with the process.
   * Resolves with null when another process, or another holder in this one, has it.
   */
  lock(path: string): Promise<FileLock | null>
}

export type OpenMode = 'read' | 'update' | 'create'

export interface FileStat {
  readonly kind: 'file' | 'directory'
  /** In bytes. */
  readonly size: number
}

/** An open file. Positions are absolute; there is no cursor. Closing twice is allowed. */
export interface FileHandle extends AsyncDisposable {
  readonly path: string
  /** Fills `target` from `position`; resolves with the bytes read: fewer only at end of file. */
  read(target: Uint8Array, position: number): Promise<number>
  /**
   * Writes all pieces, one after another, starting at `position`. Retries short writes. When it
   * rejects, any part of the pieces may be in the file. Pieces must not change until it settles.
   */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** fdatasync: bytes and size are durable when it resolves. A failure is final for the file. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface FileLock {
  release(): Promise<void>
}

/** The errno name of a file system error, or null for any other value. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : null
}
