import type { FileHandle } from '../platform/file-system.ts'

const PIECE_SIZE = 1024 * 1024

/**
 * Writes the bytes from `start` to the end of the file over themselves. After a failed sync the
 * system counts pages as written that are not on the disk, and a later sync of them succeeds and
 * does nothing; written again, they are synced.
 */
export async function rewriteTail(handle: FileHandle, start: number): Promise<void> {
  const piece = Buffer.allocUnsafeSlow(PIECE_SIZE)
  for (let offset = start; ; offset += PIECE_SIZE) {
    const size = await handle.read(piece, offset)
    if (size > 0) await handle.write([piece.subarray(0, size)], offset)
    if (size < PIECE_SIZE) return
  }
}
