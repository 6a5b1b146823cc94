import { loadLate } from '../../base/load-late.ts'
import { S3Error } from '../errors.ts'

const library = loadLate<typeof import('saxes')>('saxes')

/**
 * One element of a request's XML document. Attributes, comments and instructions are checked, then
 * dropped: no document that S3 takes gives them a meaning.
 */
export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string
  /** The text directly in it, exactly as written, references resolved. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** Deeper than any document of S3's. */
const DEPTH_MAX = 16

/**
 * Parses `source` and returns its root, which must be named `root`. A DOCTYPE is refused, so no
 * entity can be declared. The caller bounds the size of `source`.
 *
 * @throws S3Error `MalformedXML` for anything that is not one well-formed document of that root
 */
export function readXml(source: string, root: string): XmlElement {
  const element = parse(source)
  if (element.name !== root) throw malformed()
  return element
}

export function malformed(): S3Error {
  return new S3Error('MalformedXML')
}

interface OpenElement {
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

function parse(source: string): XmlElement {
  // Events, not a general tree: ten thousand parts take about 10 ms of the event loop.
  const parser = new (library().SaxesParser)({ position: false })
  const open: OpenElement[] = []
  let root: XmlElement | null = null
  const refuse = () => {
    throw malformed()
  }
  const addText = (text: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  }
  parser.on('error', refuse)
  parser.on('doctype', refuse)
  parser.on('opentag', ({ name }) => {
    if (open.length === DEPTH_MAX) throw malformed()
    open.push({ name: name.slice(name.indexOf(':') + 1), text: '', children: [] })
  })
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const element = open.pop()
    if (element === undefined) throw malformed()
    const parent = open.at(-1)
    if (parent === undefined) root = element
    else parent.children.push(element)
  })
  parser.write(source).close()
  return root ?? refuse()
}
