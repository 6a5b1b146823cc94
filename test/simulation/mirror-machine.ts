import { readFile, writeFileAtomically } from '../../src/platform/atomic-file.ts'
import type { CrashModel } from '../../src/platform/crash-model.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { OpenMirror } from '../../src/platform/mirror/open-mirror.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { SimulatedIndex } from './simulated-index.ts'
import { openStack, STORE_ID, type Stack } from './stack.ts'

export const mirrorDirectories = ['/a', '/b'] as const

/** A machine with two disks, each of which dies, tears and forgets by itself. */
export class MirrorMachine {
  readonly disks: readonly MemoryFileSystem[]
  readonly #seed: number
  #openCount = 0
  #now = 1_700_000_000_000
  #mirror: OpenMirror | null = null

  private constructor(seed: number, disks: readonly MemoryFileSystem[]) {
    this.#seed = seed
    this.disks = disks
  }

  static async make(seed: number): Promise<MirrorMachine> {
    const disks = mirrorDirectories.map(() => new MemoryFileSystem({ simulate: true }))
    for (const [index, disk] of disks.entries()) {
      await disk.makeDirectory(mirrorDirectories[index] ?? '')
    }
    return new MirrorMachine(seed, disks)
  }

  /** The machine after a power loss at this moment; this one goes on undisturbed. */
  crash(models: readonly CrashModel[], seed: number): MirrorMachine {
    const disks = this.disks.map((disk, index) => {
      return disk.crash({ model: models[index] ?? 'lose-all', seed: seed * 2 + index })
    })
    return new MirrorMachine(this.#seed ^ seed, disks)
  }

  /** Puts an empty disk in the place of one. */
  async replace(index: number): Promise<MirrorMachine> {
    const empty = new MemoryFileSystem({ simulate: true })
    await empty.makeDirectory(mirrorDirectories[index] ?? '')
    return new MirrorMachine(
      this.#seed,
      this.disks.map((disk, at) => (at === index ? empty : disk)),
    )
  }

  /** Only one of the disks is there. */
  without(index: number): MirrorMachine {
    const gone = new MemoryFileSystem({ simulate: true })
    return new MirrorMachine(
      this.#seed,
      this.disks.map((disk, at) => (at === index ? gone : disk)),
    )
  }

  get problems(): readonly string[] {
    return this.#mirror?.problems ?? []
  }

  /** Begins to fill what is not complete. */
  fill(): void {
    this.#mirror?.start()
  }

  /** The index is a cache: every process makes it anew. */
  async open(lost: readonly string[] = []): Promise<Stack> {
    const random = new SeededRandom(this.#seed + Math.imul(this.#openCount++, 7919))
    const mirror = await OpenMirror.open({
      places: this.disks.map((fs, index) => ({ fs, directory: mirrorDirectories[index] ?? '' })),
      lost,
      random,
      holdsStore: async ({ fs, directory }) => {
        const names = await fs.list(directory)
        const bytes = await readFile(fs, `${directory}/store.json`)
        if (bytes !== null) return { storeId: STORE_ID }
        return names.includes('journal') ? { storeId: null } : null
      },
      newStoreId: () => STORE_ID,
      listener: () => {},
      lockName: 'lock',
      retryIntervalMs: 1,
    })
    try {
      const { fileSystem: fs } = mirror
      await mirror.settleFiles()
      if ((await fs.stat('/a/store.json')) === null) {
        await writeFileAtomically(fs, '/a/store.json', Buffer.from('{}'))
      }
      const clock = {
        now: () => this.#now++,
        pass: (ms: number) => {
          this.#now += ms
        },
      }
      const kv = await new SimulatedIndex().open()
      const stack = await openStack({ fs, mirror: fs, kv, directory: '/a', clock, random })
      this.#mirror = mirror
      const close = async () => {
        await stack.close()
        await mirror[Symbol.asyncDispose]()
      }
      return { ...stack, close }
    } catch (error) {
      await mirror[Symbol.asyncDispose]()
      throw error
    }
  }
}
