import { describe, expect, it } from 'vitest'
import { isNode, type Node, type SourceFile, sourceFiles, walk } from './source-tree.ts'

const sources = sourceFiles('src')
const tests = sourceFiles('test')

/**
 * The contracts between floors. Each has one suite, `test/contracts/<file>.contract.ts`, and every
 * implementation in `src` is put through it by a test.
 */
const contracts = {
  FileSystem: 'file-system',
  RemoteFolder: 'remote-folder',
  Segments: 'segments',
  BlobStore: 'blob-store',
  OrderedKv: 'ordered-kv',
  Catalog: 'catalog',
  ObjectStore: 'object-store',
  Identity: 'identity',
  BackupTarget: 'backup-target',
} as const

/** Parts of a contract, covered by the suite of the whole; and interfaces of the language. */
const covered = [
  'AsyncDisposable',
  'AsyncIterableIterator',
  // Of FileSystem.
  'FileHandle',
  // Of FileSystem, where it keeps several copies: test/segment/segment-copies.test.ts.
  'Mirror',
  // A flag and a count: test/platform/disk-room.test.ts.
  'Room',
  // Of Segments.
  'SegmentWriter',
  // A request as the floor above hands it down: data with getters, not a service.
  'RawRequest',
  'DecodeRequest',
  'QueryParameters',
  'RequestHeaders',
  // Seeded only in simulations.
  'Random',
]

interface Implementation {
  readonly contract: string
  readonly className: string
  readonly file: SourceFile
  readonly isExported: boolean
}

const implementations = sources.flatMap((file) => implementationsIn(file))

describe('contracts', () => {
  it.each(Object.entries(contracts))(
    '%s has a suite that every implementation passes',
    (contract, name) => {
      const suite = `test/contracts/${name}.contract.ts`
      expect(tests.map(({ path }) => path)).toContain(suite)
      const users = tests.filter((file) => importsPath(file, suite))
      const ours = implementations.filter((each) => each.contract === contract)
      expect(ours.length).toBeGreaterThan(0)
      const untested = ours.filter(({ file }) => !users.some((user) => reaches(user, file.path)))
      expect(untested.map(({ className }) => className)).toEqual([])
    },
  )

  it('every interface that an exported class implements is a contract or a part of one', () => {
    const known = [...Object.keys(contracts), ...covered]
    const unknown = implementations
      .filter(({ contract, isExported }) => isExported && !known.includes(contract))
      .map(({ contract, className, file }) => `${file.path}: ${className} implements ${contract}`)
    expect(unknown).toEqual([])
  })
})

function implementationsIn(file: SourceFile): readonly Implementation[] {
  const exported = new Set(
    [...walk(file.program)]
      .filter(({ type }) => type === 'ExportNamedDeclaration')
      .map(({ declaration }) => declaration),
  )
  return [...walk(file.program)].flatMap((node) => {
    if (node.type !== 'ClassDeclaration' || !isNode(node['id'])) return []
    const className = String(node['id']['name'])
    return ((node['implements'] ?? []) as readonly Node[]).map((each) => ({
      contract: lastName(each['expression']),
      className,
      file,
      isExported: exported.has(node),
    }))
  })
}

/** `ObjectStore` of `Contract.ObjectStore`. */
function lastName(expression: unknown): string {
  if (!isNode(expression)) return ''
  const right = expression['right'] ?? expression['property']
  return isNode(right) ? String(right['name']) : String(expression['name'])
}

/** Whether a test imports the file itself, or through what tests share. */
function reaches(user: SourceFile, path: string): boolean {
  if (importsPath(user, path)) return true
  const shared = tests.filter((file) => file !== user && importsPath(user, file.path))
  return shared.some((file) => !file.path.startsWith('test/contracts/') && reaches(file, path))
}

function importsPath(file: SourceFile, path: string): boolean {
  return file.imports.some(({ specifier }) => file.resolve(specifier) === path)
}
