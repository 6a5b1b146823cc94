/**
 * Whether a file looks like a whole LMDB file, told from its two meta pages.
 *
 * lmdb-js 3.5.6 frees its environment twice when LMDB refuses a file, and a page beyond the end of
 * a cut file kills the process with SIGBUS: so a file LMDB would not like must never reach it.
 *
 * A page begins with a header of 24 bytes; then, in a meta page, little-endian:
 *
 *   offset  size  field
 *       24     4  magic 0xBEEFC0DE
 *       28     4  data version 2
 *       48     4  page size
 *      136     8  root page of the main tree
 *      144     8  number of the last page in use
 *      152     8  transaction id: the larger of the two counts
 *
 * Source: struct MDB_meta in lmdb's dependencies/lmdb/libraries/liblmdb/mdb.c.
 */
const META_SIZE = 160
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const NO_PAGE = 0xffff_ffff_ffff_ffffn

/** Reads bytes of the file; fewer than asked for only at its end. */
export type ReadAt = (position: number, size: number) => Promise<Buffer>

/** What is wrong with the file, or null. */
export async function checkLmdbFile(fileSize: number, readAt: ReadAt): Promise<string | null> {
  const first = await readAt(0, META_SIZE)
  if (first.length < META_SIZE || first.readUInt32LE(24) !== MAGIC) return 'magic'
  const pageSize = first.readUInt32LE(48)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return 'page size'

  let newest: Buffer | null = null
  for (const meta of [first, await readAt(pageSize, META_SIZE)]) {
    if (meta.length < META_SIZE || meta.readUInt32LE(24) !== MAGIC) return 'magic'
    if (meta.readUInt32LE(28) !== DATA_VERSION) return 'data version'
    if (meta.readUInt32LE(48) !== pageSize) return 'page size'
    if (newest === null || meta.readBigUInt64LE(152) > newest.readBigUInt64LE(152)) newest = meta
  }
  const lastPage = newest!.readBigUInt64LE(144)
  const root = newest!.readBigUInt64LE(136)
  if (root !== NO_PAGE && root > lastPage) return 'root page'
  // Bigger than the file: the file was cut.
  return (lastPage + 1n) * BigInt(pageSize) > BigInt(fileSize) ? 'last page' : null
}
