/** A simulated machine whose store is full of history, to be checked, damaged and mended. */
import type { StoreGround } from '../../src/maintenance/store-ground.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments } from '../../src/segment/local-segments.ts'
import { type FillOptions, fillStore } from '../simulation/fill-store.ts'
import type { Machine } from '../simulation/machine.ts'
import { STORE_ID } from '../simulation/stack.ts'
import { readState, type StoreState } from '../simulation/store-state.ts'

export interface StoreBed {
  readonly machine: Machine
  /** What clients saw last. */
  readonly state: StoreState
}

export async function makeBed(
  ending: 'closed' | 'killed',
  options: Pick<FillOptions, 'seed' | 'roundCount'> = {},
): Promise<StoreBed> {
  const { machine, stack } = await fillStore(options)
  const state = await readState(stack.store)
  const killed = machine.crash({ model: 'keep-all' })
  await stack.close()
  const left = ending === 'killed' ? killed : machine
  const text = JSON.stringify({ format: 1, storeId: STORE_ID })
  await writeFile(left.fs, `${left.directory}/varve.json`, Buffer.from(text))
  return { machine: left, state }
}

/** The machine as maintenance sees it. */
export function groundOf(machine: Machine, fileSystem: FileSystem = machine.fs): StoreGround {
  const { directory } = machine
  let now = 1_800_000_000_000
  const clock = { now: () => now++ }
  const random = new SeededRandom(4711)
  return {
    fileSystem,
    path: directory,
    clock,
    random,
    pageCodec: null,
    tierFolders: [],
    openSegments: (fs, storeId) => LocalSegments.open({ fs, directory, storeId, clock, random }),
    readIndex: async () => {
      const kv = await machine.index.open()
      const { position } = kv
      if (position === null) return null
      return { position, range: (range) => kv.range(range), [Symbol.asyncDispose]: async () => {} }
    },
    openIndex: () => machine.index.open(),
  }
}

/** Every file of the store, by its path. */
export async function filesOf({ fs, directory }: Machine): Promise<readonly string[]> {
  const files: string[] = []
  for (const folder of ['hot', 'journal', 'snapshots']) {
    for (const name of await fs.list(`${directory}/${folder}`)) {
      files.push(`${directory}/${folder}/${name}`)
    }
  }
  return files
}

export async function readBytes(fs: FileSystem, path: string): Promise<Buffer> {
  await using file = await fs.open(path, 'read')
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  return bytes
}

export async function writeFile(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  if ((await fs.stat(path)) !== null) await fs.remove(path)
  await using file = await fs.open(path, 'create')
  await file.write([bytes], 0)
  await file.sync()
}

/** From the operation after `count` of those that change something on, every one fails. */
export function cutAfter({ fs }: Machine, count: number): { readonly isCut: boolean } {
  const cut = { isCut: false }
  let left = count
  fs.intercept(({ operation }) => {
    if (['read', 'stat', 'list', 'open'].includes(operation)) return null
    if (left-- > 0 && !cut.isCut) return null
    cut.isCut = true
    return { code: 'EIO' }
  })
  return cut
}

export async function flipBit(
  fs: FileSystem,
  path: string,
  { offset, bit }: { readonly offset: number; readonly bit: number },
): Promise<void> {
  await using file = await fs.open(path, 'update')
  const byte = Buffer.alloc(1)
  await file.read(byte, offset)
  byte[0]! ^= 1 << bit
  await file.write([byte], offset)
}
