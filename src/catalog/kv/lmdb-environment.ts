import type { Database, RootDatabase } from 'lmdb'

/** One LMDB file: the rows of an index, and beside them what is known about it. */
export interface LmdbEnvironment {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly rows: Database<Buffer, Buffer>
  readonly meta: Database<Buffer, Buffer>
}

/** Readers are this process, its views, and one day its workers. */
const READER_COUNT_MAX = 64

/** Read by lmdb-js's native part; its types do not know it. */
const permissions: object = { permissionsMode: 0o600 }

/**
 * Opens or creates the file. lmdb is loaded here, not at start, because memory mode never needs it
 * and loading it takes longer than everything else memory mode does.
 *
 * `overlappingSync: false` makes LMDB's own order hold: pages, sync, meta page, sync; the promise
 * of a write then means durable. With lmdb-js's default a commit resolves before its sync.
 */
export async function openEnvironment(file: string): Promise<LmdbEnvironment> {
  const { open } = await import('lmdb')
  const root = open<Buffer, Buffer>(file, {
    noSubdir: true,
    overlappingSync: false,
    compression: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 2,
    maxReaders: READER_COUNT_MAX,
    ...permissions,
  })
  try {
    const options = { encoding: 'binary', keyEncoding: 'binary' } as const
    const rows = root.openDB<Buffer, Buffer>('rows', options)
    const meta = root.openDB<Buffer, Buffer>('meta', options)
    return { root, rows, meta }
  } catch (error) {
    await root.close()
    throw error
  }
}
