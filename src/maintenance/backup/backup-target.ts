/**
 * Where backups are kept: named pieces of bytes that are written once and read back. Names are of
 * lower-case letters, digits, hyphens, dots and slashes.
 */
export interface BackupTarget extends AsyncDisposable {
  /** As a person would write it. */
  readonly name: string
  /** In bytes; null when there is nothing of this name. */
  sizeOf(name: string): Promise<number | null>
  /** Names in a folder, such as `files`, without it. */
  list(folder: string): Promise<readonly string[]>
  /** Fills a part of what is there; fewer bytes only at its end. */
  read(name: string, range: { readonly start: number; readonly end: number }): Promise<Buffer>
  /**
   * Writes under a name that is not in use, or replaces: whole and durable when it resolves, and
   * not there at all before.
   */
  write(name: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<void>
  /** No-op when there is nothing of this name. */
  remove(name: string): Promise<void>
}

/** Bytes read or written at a time. */
export const PIECE_SIZE = 4 * 1024 * 1024

/** A piece from its beginning to its end. */
export async function* readPieces(
  target: BackupTarget,
  name: string,
  size: number,
): AsyncGenerator<Buffer> {
  for (let start = 0; start < size; start += PIECE_SIZE) {
    yield await target.read(name, { start, end: Math.min(size, start + PIECE_SIZE) })
  }
}
