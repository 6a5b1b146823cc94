import { readFile } from '../../../src/platform/atomic-file.ts'
import type { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import type { MirrorEvent } from '../../../src/platform/mirror/mirror-copies.ts'
import { OpenMirror } from '../../../src/platform/mirror/open-mirror.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'

/** One directory on one disk. */
export interface Disk {
  readonly directory: string
  readonly fs: MemoryFileSystem
}

export interface MirrorBedOptions {
  readonly lost?: readonly string[]
  readonly seed?: number
  readonly events?: MirrorEvent[]
  readonly retryIntervalMs?: number
}

let seeds = 1

/** A mirror of directories on disks of their own, as the data directory opens it. */
export async function openMirror(
  disks: readonly Disk[],
  { lost = [], seed = seeds++, events = [], retryIntervalMs = 5 }: MirrorBedOptions = {},
): Promise<OpenMirror> {
  const mirror = await OpenMirror.open({
    places: disks,
    lost,
    random: new SeededRandom(seed),
    holdsStore: async ({ fs, directory }) => {
      const bytes = await readFile(fs, `${directory}/store`)
      return bytes === null ? null : { storeId: bytes.toString() }
    },
    newStoreId: () => 'a store',
    listener: (event) => events.push(event),
    lockName: 'lock',
    retryIntervalMs,
  })
  const [{ directory: root } = { directory: '' }] = disks
  if ((await mirror.fileSystem.stat(`${root}/store`)) === null) {
    await put(mirror, `${root}/store`, mirror.storeId)
  }
  return mirror
}

/** Makes a file with this content, durable at resolve. */
export async function put({ fileSystem }: OpenMirror, path: string, text: string): Promise<void> {
  await using file = await fileSystem.open(path, 'create')
  await file.write([Buffer.from(text)], 0)
  await file.sync()
  await fileSystem.syncDirectory(path.slice(0, path.lastIndexOf('/')))
}

/** What one disk has under a name; null when there is nothing. */
export async function textOn({ fs, directory }: Disk, name: string): Promise<string | null> {
  return (await readFile(fs, `${directory}/${name}`))?.toString() ?? null
}
