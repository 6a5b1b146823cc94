import type { OrderedKv } from '../../src/catalog/kv/ordered-kv.ts'
import type { FileHandle, FileSystem } from '../../src/platform/file-system.ts'
import type { ObjectStore } from '../../src/store/object-store.ts'

/**
 * Mistakes on purpose, each one that a storage engine has been known to make. A simulation that
 * does not notice them proves nothing.
 */
export interface Mutant {
  readonly name: string
  readonly disguise?: (fs: FileSystem) => FileSystem
  readonly corrupt?: (store: ObjectStore) => ObjectStore
  readonly spoil?: (kv: OrderedKv) => OrderedKv
}

const done = Promise.resolve()
const nothing = { versionId: null, isDeleteMarker: false }

export const mutants: readonly Mutant[] = [
  {
    name: 'never syncs a journal file',
    disguise: (fs) =>
      withHandles(fs, (file) => (isIn(file, 'journal') ? { sync: () => done } : {})),
  },
  {
    name: 'never syncs a data file',
    disguise: (fs) => withHandles(fs, (file) => (isIn(file, 'hot') ? { sync: () => done } : {})),
  },
  {
    name: 'never syncs a file of a colder tier',
    disguise: (fs) =>
      withHandles(fs, (file) =>
        isIn(file, 'warm') || isIn(file, 'cold') ? { sync: () => done } : {},
      ),
  },
  {
    name: 'never syncs a snapshot',
    disguise: (fs) =>
      withHandles(fs, (file) => (isIn(file, 'snapshots') ? { sync: () => done } : {})),
  },
  {
    name: 'never syncs a folder',
    disguise: (fs) => overlaid(fs, { syncDirectory: () => done }),
  },
  {
    name: 'does not wait for a sync',
    disguise: (fs) =>
      withHandles(fs, (file) => ({
        sync: async () => {
          void file.sync()
        },
      })),
  },
  {
    name: 'syncs before it writes',
    disguise: (fs) => withHandles(fs, syncingFirst),
  },
  {
    name: 'writes the first pieces of a write only',
    disguise: (fs) =>
      withHandles(fs, (file) => ({
        write: (pieces, position) => file.write(pieces.slice(0, 3), position),
      })),
  },
  {
    name: 'writes to the wrong place now and then',
    disguise: (fs) => withHandles(fs, misdirected),
  },
  {
    name: 'reads another place now and then',
    disguise: (fs) => withHandles(fs, misread),
  },
  {
    name: 'reads a zero where there is none',
    disguise: (fs) => withHandles(fs, zeroed),
  },
  {
    name: 'creates a file over one that is there',
    disguise: (fs) =>
      overlaid(fs, {
        open: async (path, mode) => {
          if (mode === 'create' && (await fs.stat(path)) !== null) return fs.open(path, 'update')
          return fs.open(path, mode)
        },
        list: async (path) => (await fs.list(path)).slice(0, -1),
      }),
  },
  {
    name: 'moves its index on and leaves its rows behind',
    spoil: (kv) => overlaid(kv, { apply: (_, position) => kv.apply([], position) }),
  },
  {
    name: 'loses one row in ten on the way to the index',
    spoil: (kv) => {
      let count = 0
      const kept = () => ++count % 10 !== 0
      return overlaid(kv, { apply: (rows, position) => kv.apply(rows.filter(kept), position) })
    },
  },
  {
    name: 'copies an object without what belongs to it',
    corrupt: (store) =>
      overlaid(store, {
        copyObject: (input) => store.copyObject({ ...input, metadata: new Map() }),
      }),
  },
  {
    name: 'lists one key too few',
    corrupt: (store) =>
      overlaid(store, {
        listObjects: async (query) => {
          const page = await store.listObjects(query)
          return page.objects.length < 3 ? page : { ...page, objects: page.objects.slice(1) }
        },
      }),
  },
  {
    name: 'keeps an upload that was aborted',
    corrupt: (store) => overlaid(store, { abortMultipartUpload: () => done }),
  },
  {
    name: 'forgets a delete',
    corrupt: (store) => overlaid(store, { deleteObject: () => Promise.resolve(nothing) }),
  },
  {
    name: 'drops the tags',
    corrupt: (store) => overlaid(store, { putObjectTags: () => Promise.resolve(null) }),
  },
  {
    name: 'lets every first writer win',
    corrupt: (store) =>
      overlaid(store, { putObject: (input) => store.putObject({ ...input, conditions: {} }) }),
  },
  {
    name: 'miscounts the parts of two uploads',
    corrupt: (store) =>
      overlaid(store, {
        usage: async (bucket) => {
          const usage = await store.usage(bucket)
          return { ...usage, partBytes: usage.partBytes + (usage.uploads === 2 ? 1 : 0) }
        },
      }),
  },
]

type Override<Whole> = Partial<{ [Key in keyof Whole]: Whole[Key] }>

function isIn(file: FileHandle, folder: string): boolean {
  return file.path.includes(`/${folder}/`)
}

function withHandles(
  fs: FileSystem,
  change: (file: FileHandle) => Override<FileHandle>,
): FileSystem {
  return overlaid(fs, {
    open: async (path, mode) => {
      const file = await fs.open(path, mode)
      return overlaid(file, change(file))
    },
  })
}

/** Holds each write back until the next sync has begun: the sync covers what came before. */
function syncingFirst(file: FileHandle): Override<FileHandle> {
  let held: (() => Promise<void>) | null = null
  return {
    write: async (pieces, position) => {
      await held?.()
      const bytes = Buffer.concat(pieces)
      held = () => file.write([bytes], position)
    },
    sync: async () => {
      await file.sync()
      await held?.()
      held = null
    },
  }
}

function misdirected(file: FileHandle): Override<FileHandle> {
  let count = 0
  return {
    write: (pieces, position) => file.write(pieces, ++count % 7 === 0 ? position + 8 : position),
  }
}

function misread(file: FileHandle): Override<FileHandle> {
  let count = 0
  return {
    read: (target, position) =>
      file.read(target, ++count % 50 === 0 && position >= 256 ? position - 8 : position),
  }
}

function zeroed(file: FileHandle): Override<FileHandle> {
  let count = 0
  return {
    read: async (target, position) => {
      const size = await file.read(target, position)
      if (size > 60 && ++count % 20 === 0) target[size - 10] = 0
      return size
    },
  }
}

/** The same object with some methods replaced. */
export function overlaid<Whole extends object>(whole: Whole, override: Override<Whole>): Whole {
  return new Proxy(whole, {
    get: (target, name) => {
      const replaced = Reflect.get(override, name) as unknown
      if (replaced !== undefined) return replaced
      const own = Reflect.get(target, name, target) as unknown
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
