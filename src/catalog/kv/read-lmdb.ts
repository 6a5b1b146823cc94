import { crc32c } from '@node-rs/crc32'
import type { FileSystem } from '../../platform/file-system.ts'
import type { Entry, KeyRange } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { asBuffer } from '../key-text.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { checkLmdbFile } from './lmdb-file-check.ts'
import type { OrderedKv } from './ordered-kv.ts'
import { decodePosition } from './position-row.ts'

const FILE_NAME = /^(\d{1,9})\.mdb$/
const CRC_SIZE = 4

export interface LmdbReadingOptions {
  readonly fileSystem: FileSystem
  /** The folder of the index: a real one, for LMDB does its own file access. */
  readonly path: string
  readonly storeId: string
}

/**
 * Opens the index that a start would take, to be read only; nothing in its folder changes but
 * LMDB's own lock file. Nobody may write in it meanwhile. Null when there is none that counts.
 *
 * @throws CatalogError `corruption` for one that cannot be opened
 */
export async function readLmdb(
  options: LmdbReadingOptions,
): Promise<(Pick<OrderedKv, 'position' | 'range'> & AsyncDisposable) | null> {
  const { fileSystem, path } = options
  if ((await fileSystem.stat(path)) === null) return null
  const numbers = (await fileSystem.list(path))
    .map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((left, right) => right - left)
  for (const number of numbers) {
    const found = await openOne(options, `${path}/${number}.mdb`)
    if (found !== null) return found
  }
  return null
}

async function openOne({ fileSystem, storeId }: LmdbReadingOptions, file: string) {
  const environment = await openReadOnly(fileSystem, file)
  const { root, rows, meta } = environment
  try {
    const stored = meta.get(Buffer.from('position'))
    const position = stored === undefined ? null : decodePosition(stored)
    if (stored !== undefined && position === null) throw damaged('its position does not verify')
    const isOurs = meta.get(Buffer.from('store'))?.toString() === storeId
    if (position !== null && isOurs) {
      return {
        position,
        range: (range: KeyRange) => walk(rows, range),
        [Symbol.asyncDispose]: () => root.close(),
      }
    }
  } catch (error) {
    await root.close()
    throw error
  }
  await root.close()
  return null
}

function* walk(rows: LmdbEnvironment['rows'], { start, end }: KeyRange): Generator<Entry> {
  for (const { key, value } of rows.getRange({ start: asBuffer(start), end: asBuffer(end) })) {
    const size = value.length - CRC_SIZE
    const bytes = value.subarray(0, Math.max(0, size))
    if (size < 0 || crc32c(bytes, crc32c(key)) !== value.readUInt32LE(size)) {
      throw damaged('a value of it does not verify')
    }
    yield { key: asBuffer(key), value: bytes }
  }
}

async function openReadOnly(fileSystem: FileSystem, file: string): Promise<LmdbEnvironment> {
  {
    await using handle = await fileSystem.open(file, 'read')
    const wrong = await checkLmdbFile(await handle.size(), async (position, size) => {
      const target = Buffer.alloc(size)
      return target.subarray(0, await handle.read(target, position))
    })
    if (wrong !== null) throw damaged(wrong)
  }
  try {
    const { open } = await import('lmdb')
    const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
    const root = open<Buffer, Buffer>(file, {
      noSubdir: true,
      readOnly: true,
      compression: false,
      maxDbs: 2,
      ...binary,
    })
    const rows = root.openDB<Buffer, Buffer>('rows', binary)
    const meta = root.openDB<Buffer, Buffer>('meta', binary)
    if (rows === undefined || meta === undefined) throw damaged('it has no tables')
    return { root, rows, meta }
  } catch (cause) {
    throw cause instanceof CatalogError ? cause : damaged('it cannot be opened', cause)
  }
}

function damaged(why: string, cause?: unknown): CatalogError {
  return new CatalogError('corruption', `the index does not verify: ${why}`, { cause })
}
