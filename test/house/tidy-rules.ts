/** The house style as functions: each takes a file and returns what is wrong with it, in sentences. */
import { basename } from 'node:path'
import { isNode, type Node, type SourceFile, walk } from './source-tree.ts'

export type Rule = (file: SourceFile) => readonly string[]

export const FUNCTION_LINES_MAX = 70
export const FILE_LINES_MAX = 400
export const LINE_COLUMNS_MAX = 100

const BANNED_NAMES = /^(utils?|helpers?|common|misc|index)$/
const KEBAB_CASE = /^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/

// Spelt apart, so that this file does not hold what it looks for.
const bannedWords = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
  ['@ts-', 'ignore'],
  ['@ts-', 'nocheck'],
]
const BANNED_WORD = new RegExp(
  bannedWords.map((parts) => `(?<![A-Za-z])${parts.join('')}(?![A-Za-z])`).join('|'),
)

/** The package's entry, and its test, may be called index; nothing else. */
export const nameIsTidy: Rule = ({ path }) => {
  const name = basename(path)
  if (!KEBAB_CASE.test(name)) return [`${path}: not kebab-case`]
  const isBanned = BANNED_NAMES.test(name.split('.')[0] ?? '') && !/^(src|test)\/index\./.test(path)
  return isBanned ? [`${path}: name it for what it holds`] : []
}

export const folderIsTidy: Rule = ({ path }) =>
  path
    .split('/')
    .slice(0, -1)
    .some((folder) => BANNED_NAMES.test(folder))
    ? [`${path}: name the folder for what it holds`]
    : []

export const fileIsShort: Rule = (file) =>
  file.lines.length > FILE_LINES_MAX ? [`${file.path}: ${file.lines.length} lines`] : []

/** A function is as long as the lines it spans, head and braces included. */
export const functionsAreShort: Rule = (file) =>
  nodesOf(file, /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/)
    .map((node) => ({ node, count: file.lineAt(node.end) - file.lineAt(node.start) + 1 }))
    .filter(({ count }) => count > FUNCTION_LINES_MAX)
    .map(({ node, count }) => `${at(file, node)}: a function of ${count} lines`)

/**
 * No line is longer than the limit but one that a single literal makes so: a string, a template or
 * a pattern that would have to be cut to fit.
 */
export const linesAreShort: Rule = (file) =>
  file.lines.flatMap((line, index) => {
    if (line.length <= LINE_COLUMNS_MAX) return []
    const withoutLiteral = line.replace(/(['"`/])(?:\\.|(?!\1).){40,}\1/, '')
    if (withoutLiteral.length <= LINE_COLUMNS_MAX) return []
    return [`${file.path}:${index + 1}: ${line.length} columns`]
  })

export const exportsHaveNames: Rule = (file) => {
  const defaults = nodesOf(file, /^ExportDefaultDeclaration$/)
  const renamed = nodesOf(file, /^ExportSpecifier$/).filter(
    ({ exported }) => isNode(exported) && exported['name'] === 'default',
  )
  return [...defaults, ...renamed].map((node) => `${at(file, node)}: a default export`)
}

export const typesAreClosed: Rule = (file) => [
  ...nodesOf(file, /^TSAnyKeyword$/).map((node) => `${at(file, node)}: any`),
  ...nodesOf(file, /^TSEnumDeclaration$/).map((node) => `${at(file, node)}: an enum`),
  ...nodesOf(file, /^TSModuleDeclaration$/).map((node) => `${at(file, node)}: a namespace`),
]

/** More than three parameters that must be given want names: an options object. */
export const parametersAreFew: Rule = (file) =>
  nodesOf(file, /^(FunctionDeclaration|FunctionExpression)$/)
    .filter((node) => (node['params'] as readonly Node[]).filter(isRequired).length > 3)
    .map((node) => `${at(file, node)}: more than three positional parameters`)

/** State is private by `#`, which holds at run time too. */
export const privacyIsReal: Rule = (file) =>
  nodesOf(file, /^(PropertyDefinition|MethodDefinition)$/)
    .filter((node) => /^(private|protected)$/.test(String(node['accessibility'])))
    .filter((node) => node['kind'] !== 'constructor')
    .map((node) => `${at(file, node)}: use #private`)

export const nothingIsPutOff: Rule = (file) =>
  file.lines.flatMap((line, index) => {
    const word = BANNED_WORD.exec(line)?.[0]
    return word === undefined ? [] : [`${file.path}:${index + 1}: ${word}`]
  })

/** A test that runs alone switches the others off. */
export const noTestRunsAlone: Rule = (file) =>
  nodesOf(file, /^MemberExpression$/)
    .filter(({ object, property }) => {
      const owner = isNode(object) ? String(object['name']) : ''
      const name = isNode(property) ? property['name'] : null
      return name === 'only' && /^(it|test|describe)$/.test(owner)
    })
    .map((node) => `${at(file, node)}: .only`)

function isRequired(parameter: Node): boolean {
  return parameter.type !== 'AssignmentPattern' && parameter['optional'] !== true
}

function nodesOf(file: SourceFile, type: RegExp): readonly Node[] {
  return [...walk(file.program)].filter((node) => type.test(node.type))
}

function at(file: SourceFile, node: Node): string {
  return `${file.path}:${file.lineAt(node.start)}`
}
