import { describe, expect, it } from 'vitest'
import { floorOf } from './floors.ts'
import {
  filesBelow,
  isNode,
  type Node,
  readText,
  SourceFile,
  sourceFiles,
  walk,
} from './source-tree.ts'
import * as rules from './tidy-rules.ts'

const files = sourceFiles('src', 'test', 'conformance', 'bench', 'scripts')
const sources = files.filter(({ path }) => path.startsWith('src/'))
/** All but suites, whose describe callbacks are as long as their cases are many. */
const plain = files.filter(({ path }) => !/\.(test|contract)\.ts$|^test\/contracts\//.test(path))

describe('tidy', () => {
  it.each([
    ['names are kebab-case and say what the file holds', rules.nameIsTidy, files],
    ['folders say what they hold', rules.folderIsTidy, sources],
    ['files have at most 400 lines', rules.fileIsShort, files],
    ['functions have at most 70 lines', rules.functionsAreShort, plain],
    ['lines have at most 100 columns', rules.linesAreShort, files],
    ['exports have names', rules.exportsHaveNames, files],
    ['types are closed: no any, no enum, no namespace', rules.typesAreClosed, files],
    ['functions have at most three positional parameters', rules.parametersAreFew, sources],
    ['private is #private', rules.privacyIsReal, sources],
    ['nothing is put off', rules.nothingIsPutOff, files],
    ['no test runs alone', rules.noTestRunsAlone, files],
  ] as const)('%s', (_name, rule, checked) => {
    expect(checked.flatMap((file) => rule(file))).toEqual([])
  })

  it('documents hold to 100 columns, but for tables, links and code', () => {
    const documents = [
      'README.md',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      ...filesBelow('docs').filter((path) => path.endsWith('.md')),
    ]
    expect(documents.flatMap((path) => longLines(path, readText(path)))).toEqual([])
  })

  it('every source file is imported by another, or is an entry', () => {
    const imported = new Set(
      files.flatMap((file) => file.imports.map(({ specifier }) => file.resolve(specifier))),
    )
    const entries = ['src/main.ts', 'src/index.ts']
    const dead = sources.map(({ path }) => path).filter((path) => !imported.has(path))
    expect(dead.filter((path) => !entries.includes(path))).toEqual([])
  })

  it('what crosses floors is described', () => {
    expect(undescribed(sources)).toEqual([])
  })
})

describe('the rules of tidiness notice', () => {
  const long = (count: number) => `const line = 0\n`.repeat(count)

  it.each([
    ['a vague name', rules.nameIsTidy, 'src/engine/utils.ts', ''],
    ['an index file', rules.nameIsTidy, 'src/engine/index.ts', ''],
    ['camel case', rules.nameIsTidy, 'src/engine/blobStore.ts', ''],
    ['a vague folder', rules.folderIsTidy, 'src/common/blob.ts', ''],
    ['a long file', rules.fileIsShort, 'src/a.ts', long(401)],
    ['a long function', rules.functionsAreShort, 'src/a.ts', `function a() {\n${long(69)}}`],
    ['a long method', rules.functionsAreShort, 'src/a.ts', `class A { b() {\n${long(69)}}}`],
    ['a long arrow', rules.functionsAreShort, 'src/a.ts', `const a = () => {\n${long(69)}}`],
    ['a long line', rules.linesAreShort, 'src/a.ts', `// ${'word '.repeat(20)}`],
    ['a default export', rules.exportsHaveNames, 'src/a.ts', 'export default 1'],
    [
      'a default by name',
      rules.exportsHaveNames,
      'src/a.ts',
      'const a = 1; export { a as default }',
    ],
    ['any', rules.typesAreClosed, 'src/a.ts', 'export let a: readonly any[]'],
    ['an enum', rules.typesAreClosed, 'src/a.ts', 'export enum A { B }'],
    ['four parameters', rules.parametersAreFew, 'src/a.ts', 'class A { b(c, d, e, f) {} }'],
    ['private in name only', rules.privacyIsReal, 'src/a.ts', 'class A { private b = 1 }'],
    ['a promise to finish', rules.nothingIsPutOff, 'src/a.ts', `// ${'TO'}${'DO'}: finish`],
    ['a lone test', rules.noTestRunsAlone, 'test/a.test.ts', "it.only('a', () => {})"],
  ] as const)('%s', (_name, rule, path, text) => {
    expect(rule(new SourceFile(path, text))).toHaveLength(1)
  })

  it('a function of 70 lines, a constructor kept private and a long string as fine', () => {
    const file = (text: string) => new SourceFile('src/a.ts', text)
    expect(rules.functionsAreShort(file(`function a() {\n${long(68)}}`))).toEqual([])
    expect(rules.privacyIsReal(file('class A { private constructor() {} }'))).toEqual([])
    expect(rules.linesAreShort(file(`const a = '${'word '.repeat(30)}'`))).toEqual([])
  })

  it('an exported thing without a description, when another floor imports it', () => {
    const user = new SourceFile('src/s3/a.ts', "import { open, Plain } from '../store/b.ts'")
    const bare = 'export function open() {}\nexport class Plain {}\n'
    const described =
      '/** Opens. */\nexport function open() {}\n/** Plain. */\nexport class Plain {}'
    expect(undescribed([user, new SourceFile('src/store/b.ts', bare)])).toHaveLength(2)
    expect(undescribed([user, new SourceFile('src/store/b.ts', described)])).toEqual([])
  })

  it('a long line of prose, and not a row, a link or code', () => {
    const prose = 'word '.repeat(30)
    expect(longLines('a.md', prose)).toHaveLength(1)
    const exempt = [
      `| ${prose}|`,
      `[a](https://example.com/${'a'.repeat(100)})`,
      `\`\`\`\n${prose}\n\`\`\``,
    ]
    expect(exempt.flatMap((text) => longLines('a.md', text))).toEqual([])
  })
})

function longLines(path: string, text: string): readonly string[] {
  const withoutCode = text.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]+/g, ''))
  return withoutCode.split('\n').flatMap((line, index) => {
    const isExempt = line.startsWith('|') || /https?:\/\/\S{40,}/.test(line)
    if (line.length <= rules.LINE_COLUMNS_MAX || isExempt) return []
    return [`${path}:${index + 1}: ${line.length} columns`]
  })
}

/** Exported functions and classes that another floor imports and nothing describes. */
function undescribed(among: readonly SourceFile[]): readonly string[] {
  const wanted = new Set(among.flatMap((file) => namesFromOtherFloors(file)))
  return among.flatMap((file) =>
    [...walk(file.program)].flatMap((node) => {
      if (node.type !== 'ExportNamedDeclaration' || !isNode(node['declaration'])) return []
      const { type, id } = node['declaration'] as Node
      if (!/^(Function|Class)/.test(type) || !isNode(id)) return []
      if (!wanted.has(`${file.path}#${String(id['name'])}`)) return []
      const before = file.text.slice(0, node.start).trimEnd()
      return before.endsWith('*/') ? [] : [`${file.path}: ${String(id['name'])}`]
    }),
  )
}

function namesFromOtherFloors(file: SourceFile): readonly string[] {
  return [...walk(file.program)].flatMap((node) => {
    if (node.type !== 'ImportDeclaration') return []
    const { value } = node['source'] as { readonly value: string }
    const target = file.resolve(value)
    if (!value.startsWith('.') || floorOf(target) === floorOf(file.path)) return []
    return (node['specifiers'] as readonly Node[]).flatMap(({ imported }) =>
      isNode(imported) ? [`${target}#${String(imported['name'])}`] : [],
    )
  })
}
