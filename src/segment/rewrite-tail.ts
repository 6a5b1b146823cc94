import type { FileHandle } from '../platform/file-system.ts'

const PIECE_SIZE = 1024 * 1024

/**
 * Writes the bytes from `start` to the end of the file over themselves. After a failed sync the
 * system counts pages as written that are not on the disk, and a later sync of them succeeds and
 * does nothing; written again, they are synced.
 */
export async function rewriteTail(handle: FileHandle, start: number): Promise<void> {
  const end = await handle.size()
  const piece = Buffer.allocUnsafeSlow(Math.max(0, Math.min(PIECE_SIZE, end - start)))
  for (let offset = start; offset < end; offset += PIECE_SIZE) {
    const size = await handle.read(piece.subarray(0, end - offset), offset)
    await handle.write([piece.subarray(0, size)], offset)
  }
}
