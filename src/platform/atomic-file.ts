import { dirname } from 'node:path'
import { errnoOf, type FileHandle, type FileSystem } from './file-system.ts'

/** A small file, whole; null when there is none. */
export async function readFile(fs: FileSystem, path: string): Promise<Buffer | null> {
  try {
    return await use(await fs.open(path, 'read'), async (file) => {
      const bytes = Buffer.alloc(await file.size())
      return bytes.subarray(0, await file.read(bytes, 0))
    })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/**
 * Replaces a small file: a crash leaves the old one or the new one, and when this resolves the new
 * one is durable. The temporary name ends in `.tmp`; whoever owns the folder removes it at start.
 * One writer per path.
 */
export async function writeFileAtomically(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${path}.tmp`
  await removeIfThere(fs, temporary)
  await use(await fs.open(temporary, 'create'), async (file) => {
    await file.write([bytes], 0)
    await file.sync()
  })
  await fs.rename(temporary, path)
  await fs.syncDirectory(dirname(path))
}

/** Closes the file in any case. What fails first is told, with its errno. */
async function use<Result>(
  file: FileHandle,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const result = await work(file).catch(async (error: unknown) => {
    await file.close().catch(() => {})
    throw error
  })
  await file.close()
  return result
}

async function removeIfThere(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.remove(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
