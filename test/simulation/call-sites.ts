/**
 * Where the source calls the disk: told from its text, and told from a call as it happens. Both
 * name a place by file and line, so that a suite can prove that it failed every one of them.
 */
import { type Node, type SourceFile, sourceFiles, walk } from '../house/source-tree.ts'

/** Methods of `FileSystem` and `FileHandle`. */
const methods: ReadonlySet<string> = new Set([
  'open',
  'rename',
  'remove',
  'makeDirectory',
  'list',
  'syncDirectory',
  'stat',
  'space',
  'lock',
  'read',
  'write',
  'sync',
  'truncate',
  'size',
  'close',
])
/** What a file system or an open file is called, wherever there is one. */
const RECEIVER = /(^|[.#])(fs|fileSystem|handle|file)$/i
/** Simulations of disks, and the machine's own: below all that calls them. */
const BELOW = /^src\/platform\/(memory|node|make|mirror|frozen|scratch|chunked|unsynced|crash)/

/** Every call in these folders and files of `src`, as `path:line`. */
export function callSitesIn(...places: readonly string[]): readonly string[] {
  const sites = new Set<string>()
  for (const file of sourceFiles('src')) {
    if (BELOW.test(file.path) || !places.some((place) => file.path.startsWith(place))) continue
    for (const node of walk(file.program)) {
      const line = lineOfCall(file, node)
      if (line !== null) sites.add(`${file.path}:${line}`)
    }
  }
  return [...sites].sort()
}

function lineOfCall(file: SourceFile, node: Node): number | null {
  const callee = node.type === 'CallExpression' ? (node['callee'] as Node) : null
  if (callee?.type !== 'MemberExpression') return null
  const property = callee['property'] as Node
  const object = callee['object'] as Node
  if (!methods.has(String(property['name']))) return null
  const receiver = file.text.slice(object.start, object.end).replaceAll(/[?!]/g, '')
  return RECEIVER.test(receiver) ? file.lineAt(property.start) : null
}

/** The place in `src` that is calling the disk now; null when there is none on the stack. */
export function currentCallSite(): string | null {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const { stack = '' } = new Error('where')
  Error.stackTraceLimit = limit
  for (const [, path, line] of stack.matchAll(/\/(src\/[\w./-]+\.ts):(\d+):\d+/g)) {
    if (path !== undefined && !BELOW.test(path)) return `${path}:${line}`
  }
  return null
}
