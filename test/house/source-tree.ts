import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseAst } from 'vitest/node'

export const root = join(import.meta.dirname, '../..')

/** A node of the syntax tree (ESTree with TypeScript): whatever has a `type`. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** One import or re-export, static or dynamic. */
export interface Import {
  readonly specifier: string
  /** Gone after compilation: cannot make a cycle. */
  readonly isTypeOnly: boolean
  readonly isDynamic: boolean
}

/** A TypeScript file of the project. `path` is relative to the root, with forward slashes. */
export class SourceFile {
  readonly path: string
  readonly text: string
  #program: Node | null = null

  constructor(path: string, text: string) {
    this.path = path
    this.text = text
  }

  get lines(): readonly string[] {
    return this.text.replace(/\n$/, '').split('\n')
  }

  get program(): Node {
    this.#program ??= parseAst(this.text, { lang: 'ts' }, this.path) as unknown as Node
    return this.#program
  }

  get imports(): readonly Import[] {
    return [...walk(this.program)].flatMap((node) => importOf(node) ?? [])
  }

  /** Path of the project file that a relative specifier names. */
  resolve(specifier: string): string {
    return posix.join(posix.dirname(this.path), specifier)
  }

  lineAt(offset: number): number {
    return this.text.slice(0, offset).split('\n').length
  }
}

/** Every TypeScript file below these folders of the project. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => new SourceFile(path, readText(path)))
}

/** Paths of the files below a folder of the project, relative to its root; none if it is absent. */
export function filesBelow(folder: string): readonly string[] {
  let entries: ReturnType<typeof entriesOf>
  try {
    entries = entriesOf(folder)
  } catch {
    return []
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(root.length + 1), entry.name))
    .sort()
}

function entriesOf(folder: string) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A node and all below it, parents first. */
export function* walk(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) yield* walk(child)
    }
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function importOf(node: Node): Import | null {
  switch (node.type) {
    case 'ImportDeclaration':
      return statically(node, node['importKind'] === 'type' || allTypes(node))
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (!isNode(node['source'])) return null
      return statically(node, node['exportKind'] === 'type' || allTypes(node))
    case 'ImportExpression':
      return { specifier: literal(node['source']), isTypeOnly: false, isDynamic: true }
    case 'TSImportType':
      return { specifier: literal(node['source']), isTypeOnly: true, isDynamic: false }
    case 'CallExpression': {
      // createRequire's result is called `require` by convention; the test of the rules holds it.
      const { callee } = node
      if (!isNode(callee) || !['require', 'loadLate'].includes(String(callee['name']))) return null
      const [argument] = node['arguments'] as readonly Node[]
      return { specifier: literal(argument), isTypeOnly: false, isDynamic: true }
    }
    default:
      return null
  }
}

function statically(node: Node, isTypeOnly: boolean): Import {
  return { specifier: literal(node['source']), isTypeOnly, isDynamic: false }
}

/** `import { type A, type B }` with no value among them. */
function allTypes(node: Node): boolean {
  const specifiers = (node['specifiers'] ?? []) as readonly Node[]
  const kinds = specifiers.map((each) => each['importKind'] ?? each['exportKind'])
  return kinds.length > 0 && kinds.every((kind) => kind === 'type')
}

function literal(node: unknown): string {
  return isNode(node) && typeof node['value'] === 'string' ? node['value'] : ''
}
