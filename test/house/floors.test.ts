import { describe, expect, it } from 'vitest'
import { type Floor, floorOf, floors, openToAll, reserved } from './floors.ts'
import { isNode, SourceFile, sourceFiles, walk } from './source-tree.ts'

const sources = sourceFiles('src')

/** Imports of one file that the floors forbid, each as a sentence. */
function forbiddenImports(file: SourceFile): readonly string[] {
  const floor = floorOf(file.path)
  if (floor === null || !(floor in floors)) return [`${file.path}: not on any floor`]
  const allowed: readonly string[] = floors[floor as Floor]
  return file.imports.flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return reservedElsewhere(file.path, specifier)
    const target = floorOf(file.resolve(specifier))
    if (target === floor) return []
    if (target !== null && allowed.includes(target)) return []
    if (target !== null && floor !== 'base' && openToAll.includes(target)) return []
    return [`${file.path}: ${floor} must not import ${specifier}`]
  })
}

function reservedElsewhere(path: string, specifier: string): readonly string[] {
  return reserved
    .filter((rule) => rule.specifier.test(specifier) && !rule.place.test(path))
    .map((rule) => `${path}: ${specifier} may be imported only in ${rule.place.source}`)
}

/** Places where a file reads the environment of the process. */
function environmentReads(file: SourceFile): readonly string[] {
  return [...walk(file.program)].flatMap((node) => {
    if (node.type !== 'MemberExpression') return []
    const { object, property } = node
    if (!isNode(object) || object['name'] !== 'process') return []
    if (!isNode(property) || (property['name'] ?? property['value']) !== 'env') return []
    return [`${file.path}:${file.lineAt(node.start)}: only src/config reads process.env`]
  })
}

/** One cycle of value imports, as a list of paths that ends where it began; null when none. */
function findCycle(files: readonly SourceFile[]): readonly string[] | null {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter((each) => !each.isTypeOnly && !each.isDynamic && each.specifier.startsWith('.'))
        .map((each) => file.resolve(each.specifier)),
    ]),
  )
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (finished.has(path)) return null
    for (const target of edges.get(path) ?? []) {
      const cycle = visit(target, [...trail, path])
      if (cycle !== null) return cycle
    }
    finished.add(path)
    return null
  }
  for (const path of edges.keys()) {
    const cycle = visit(path, [])
    if (cycle !== null) return cycle
  }
  return null
}

describe('floors', () => {
  it('stand on the floors below them and on nothing else', () => {
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.flatMap(forbiddenImports)).toEqual([])
  })

  it('have no import cycles', () => {
    expect(findCycle(sources)).toBeNull()
  })

  it('leave the environment to config', () => {
    const others = sources.filter((file) => floorOf(file.path) !== 'config')
    expect(others.flatMap(environmentReads)).toEqual([])
  })

  it('form an order: no two floors may import each other, directly or through others', () => {
    const reaches = (from: string, seen: Set<string>): Set<string> => {
      for (const next of floors[from as Floor]) {
        if (!seen.has(next)) reaches(next, seen.add(next))
      }
      return seen
    }
    const loops = Object.keys(floors).filter((floor) => reaches(floor, new Set()).has(floor))
    expect(loops).toEqual([])
  })

  it('name no floor that is not there', () => {
    const present = new Set(sources.map((file) => floorOf(file.path)))
    expect(Object.keys(floors).filter((floor) => !present.has(floor))).toEqual([])
  })
})

describe('the rules of the floors notice', () => {
  const planted = (path: string, text: string) => new SourceFile(path, text)

  it.each([
    ['src/engine/a.ts', "import { S3Error } from '../s3/errors.ts'"],
    ['src/engine/a.ts', "import type { S3Error } from '../s3/errors.ts'"],
    ['src/engine/a.ts', "export { S3Error } from '../s3/errors.ts'"],
    ['src/engine/a.ts', "const late = await import('../s3/errors.ts')"],
    ['src/engine/a.ts', "type Late = import('../s3/errors.ts').S3Error"],
    ['src/engine/a.ts', "import { open } from 'node:fs/promises'"],
    ['src/engine/a.ts', "const fs = require('fs')"],
    ['src/s3/a.ts', "import Koa from 'koa'"],
    ['src/catalog/a.ts', "import { compress } from '@mongodb-js/zstd'"],
    ['src/base/a.ts', "import { KEY_SIZE_MAX } from '../model/object-key.ts'"],
    ['src/somewhere/a.ts', 'export const nothing = 0'],
  ])('in %s: %s', (path, text) => {
    expect(forbiddenImports(planted(path, text))).toHaveLength(1)
  })

  it('a read of the environment, however it is spelt', () => {
    const text = "process.env['A']; process['env'].B; const { env } = process.env"
    expect(environmentReads(planted('src/s3/a.ts', text))).toHaveLength(3)
  })

  it('a cycle of values, and lets types go round', () => {
    const one = planted('src/s3/a.ts', "import { b } from './b.ts'\nexport const a = b")
    const two = planted('src/s3/b.ts', "import { a } from './a.ts'\nexport const b = a")
    const typed = planted('src/s3/b.ts', "import type { a } from './a.ts'\nexport const b = 1")
    expect(findCycle([one, two])).toEqual(['src/s3/a.ts', 'src/s3/b.ts', 'src/s3/a.ts'])
    expect(findCycle([one, typed])).toBeNull()
  })
})
