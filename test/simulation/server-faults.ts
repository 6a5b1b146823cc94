import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LmdbKv } from '../../src/catalog/kv/lmdb-kv.ts'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { ErrnoError } from '../../src/platform/errno-error.ts'
import type { FileHandle, FileSystem } from '../../src/platform/file-system.ts'
import {
  type DiskOperation,
  type DiskOperationName,
  type Interceptor,
  MemoryFileSystem,
} from '../../src/platform/memory-fs.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { silentLog } from '../../src/telemetry/log.ts'

/** Something that is opened while its disk fails, and must open when the disk is well again. */
export interface Opening {
  readonly name: string
  /** Resolves with whether it opened; rejects when it could not be opened afterwards. */
  run(interceptor: Interceptor): Promise<boolean>
}

const STORE_ID = '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37'
const config = configFrom({ dataDir: '/data', port: 0, compaction: 'off' })

async function startAndStop(fileSystem: MemoryFileSystem): Promise<void> {
  const ground = {
    fileSystem,
    clock: systemClock,
    random: systemRandom,
    openIndex: async () => new MemoryKv(),
  }
  await (await startServer({ config, ground, log: silentLog })).stop()
}

async function openLmdb(fileSystem: FileSystem, folder: string): Promise<void> {
  const kv = await LmdbKv.open({ fileSystem, path: `${folder}/index`, storeId: STORE_ID })
  await kv[Symbol.asyncDispose]()
}

/** What a crash may leave: a snapshot without a name, a file without a header. */
const unfinished: Readonly<Record<string, number>> = {
  '/data/snapshots/00000063.tmp': 300,
  '/data/hot/00000064.seg': 40,
}

async function leave(fs: MemoryFileSystem): Promise<void> {
  for (const [file, size] of Object.entries(unfinished)) {
    await using handle = await fs.open(file, 'create')
    await handle.write([Buffer.alloc(size)], 0)
  }
}

/** A whole server on a disk of its own, with as many starts before. */
function starting(name: string, startsBefore: number, isUnfinished = false): Opening {
  return {
    name,
    run: async (interceptor) => {
      const fs = new MemoryFileSystem()
      for (let start = 0; start < startsBefore; start++) await startAndStop(fs)
      if (isUnfinished) await leave(fs)
      fs.intercept(interceptor)
      const isOpen = await succeeds(() => startAndStop(fs))
      fs.intercept(null)
      await startAndStop(fs)
      return isOpen
    },
  }
}

/** LMDB does its own file access; what Varve asks of the file system around it can fail. */
const index = (name: string, opensBefore: number): Opening => ({
  name,
  run: async (interceptor) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'varve-index-'))
    const plain = new NodeFileSystem()
    try {
      for (let open = 0; open < opensBefore; open++) await openLmdb(plain, folder)
      const isOpen = await succeeds(() => openLmdb(failing(plain, interceptor), folder))
      await openLmdb(plain, folder)
      return isOpen
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

export const openings: readonly Opening[] = [
  starting('the first start of a server', 0),
  starting('its second start', 1),
  starting('a start that finds what a crash has left', 1, true),
  index('a new index', 0),
  index('an index that is there', 1),
]

async function succeeds(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    // Errors of the floors and of the system have names; anything else is a mistake.
    if (error instanceof Error && /^(\w+Error)$/.test(error.name) && !isMistake(error)) return false
    throw error
  }
}

function isMistake(error: Error): boolean {
  return (
    error instanceof TypeError || error instanceof RangeError || error.name === 'AssertionError'
  )
}

/** The machine's file system with faults in it. */
function failing(fs: FileSystem, interceptor: Interceptor): FileSystem {
  let count = 0
  const pass = async (operation: DiskOperationName, at: string) => {
    const call: DiskOperation = { index: count++, operation, path: at }
    const fault = await interceptor(call)
    if (fault !== null) throw new ErrnoError(fault.code, operation, at)
  }
  const wrapped = (handle: FileHandle): FileHandle =>
    intercepted(handle, async (name) => await pass(name, handle.path))
  return intercepted(fs, pass, async (name, result) =>
    name === 'open' ? wrapped((await result) as FileHandle) : result,
  )
}

type Pass = (operation: DiskOperationName, path: string) => Promise<void>

function intercepted<Whole extends object>(
  whole: Whole,
  pass: Pass,
  after: (name: string, result: Promise<unknown>) => Promise<unknown> = async (_, result) => result,
): Whole {
  return new Proxy(whole, {
    get: (target, name) => {
      const own = Reflect.get(target, name, target) as unknown
      if (typeof own !== 'function') return own
      if (typeof name === 'symbol') return own.bind(target)
      return (...parameters: readonly unknown[]) => {
        const isNew = name === 'open' && parameters[1] === 'create'
        const passed = pass((isNew ? 'create' : name) as DiskOperationName, String(parameters[0]))
        const call = async () => {
          await passed
          return await (own as (...all: readonly unknown[]) => Promise<unknown>).apply(
            target,
            parameters as unknown[],
          )
        }
        return after(name, call())
      }
    },
  })
}
