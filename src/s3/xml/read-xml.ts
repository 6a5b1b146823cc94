import { S3Error } from '../errors.ts'

/**
 * A reader for the few shapes of XML that S3 takes: elements, attributes (checked, then dropped),
 * text, CDATA, comments, the five named entities and numeric references. No DOCTYPE, so no entity
 * can be declared; no recursion, and depth and size are bounded. One pass over the text: 10,000
 * parts take about 10 ms, where a general parser held the event loop for 250 (docs/decisions).
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
 * Parses `source` and returns its root, which must be named `root`.
 *
 * @throws S3Error `MalformedXML` for anything that is not one well-formed document of that root
 */
export function readXml(source: string, root: string): XmlElement {
  const element = new Reader(source).read()
  if (element.name !== root) throw malformed()
  return element
}

export function malformed(): S3Error {
  return new S3Error('MalformedXML')
}

interface OpenElement {
  /** With its prefix: the end tag must repeat it. */
  readonly tag: string
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids just these.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const SPACE = /[ \t\n]*/y
const START_TAG = /<((?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))/y
const ATTRIBUTE = /[ \t\n]+([A-Za-z_:][\w.:-]*)[ \t\n]*=[ \t\n]*(?:"[^"<]*"|'[^'<]*')/y
const TAG_END = /[ \t\n]*(\/?)>/y
const END_TAG = /<\/([\w.:-]+)[ \t\n]*>/y

class Reader {
  readonly #source: string
  readonly #open: OpenElement[] = []
  #at = 0

  constructor(source: string) {
    if (FORBIDDEN.test(source)) throw malformed()
    const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
    // XML 1.0 §2.11: every line end is a newline; a carriage return must be written as &#13;.
    this.#source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  }

  read(): XmlElement {
    if (this.#source.startsWith('<?xml')) this.#skipPast('?>')
    this.#skipMisc()
    const root = this.#element()
    this.#skipMisc()
    if (this.#at !== this.#source.length) throw malformed()
    return root
  }

  #element(): XmlElement {
    let finished = this.#startTag()
    while (this.#open.length > 0) {
      this.#text()
      finished = this.#markup() ?? finished
    }
    if (finished === null) throw malformed()
    return finished
  }

  /** Opens an element; returns it when it closed itself at once. */
  #startTag(): XmlElement | null {
    const match = this.#match(START_TAG)
    if (match === null || this.#open.length === DEPTH_MAX) throw malformed()
    const seen = new Set<string>()
    for (;;) {
      const attribute = this.#match(ATTRIBUTE)
      if (attribute === null) break
      if (seen.has(attribute[1]!)) throw malformed()
      seen.add(attribute[1]!)
    }
    const end = this.#match(TAG_END)
    if (end === null) throw malformed()
    this.#open.push({ tag: match[1]!, name: match[2]!, text: '', children: [] })
    return end[1] === '/' ? this.#close() : null
  }

  /** Whatever starts with '<' inside an element; returns an element that it completed. */
  #markup(): XmlElement | null {
    const source = this.#source
    const next = source.charCodeAt(this.#at + 1)
    if (next === 0x2f /* / */) {
      const match = this.#match(END_TAG)
      if (match === null || match[1] !== this.#open.at(-1)?.tag) throw malformed()
      return this.#close()
    }
    if (next === 0x21 /* ! */) {
      if (source.startsWith('<!--', this.#at)) this.#skipPast('-->')
      else if (source.startsWith('<![CDATA[', this.#at)) this.#cdata()
      else throw malformed()
      return null
    }
    if (next === 0x3f /* ? */) {
      this.#skipPast('?>')
      return null
    }
    return this.#startTag()
  }

  #close(): XmlElement {
    const { name, text, children } = this.#open.pop()!
    const element = { name, text, children }
    this.#open.at(-1)?.children.push(element)
    return element
  }

  #text(): void {
    const end = this.#source.indexOf('<', this.#at)
    if (end < 0) throw malformed()
    if (end === this.#at) return
    const raw = this.#source.slice(this.#at, end)
    this.#open.at(-1)!.text += raw.includes('&') ? resolveReferences(raw) : raw
    this.#at = end
  }

  #cdata(): void {
    const start = this.#at + '<![CDATA['.length
    this.#skipPast(']]>')
    this.#open.at(-1)!.text += this.#source.slice(start, this.#at - ']]>'.length)
  }

  /** White space, comments and processing instructions around the root. */
  #skipMisc(): void {
    for (;;) {
      this.#match(SPACE)
      if (this.#source.startsWith('<!--', this.#at)) this.#skipPast('-->')
      else if (this.#source.startsWith('<?', this.#at)) this.#skipPast('?>')
      else return
    }
  }

  #skipPast(mark: string): void {
    const end = this.#source.indexOf(mark, this.#at)
    if (end < 0) throw malformed()
    this.#at = end + mark.length
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])
const REFERENCE = /&(?:([a-z]+)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g
const CODE_POINT_MAX = 0x10ffff

function resolveReferences(text: string): string {
  return text.replace(REFERENCE, (_match, named?: string, decimal?: string, hex?: string) => {
    if (named !== undefined) {
      const character = ENTITIES.get(named)
      if (character === undefined) throw malformed()
      return character
    }
    const code =
      decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : -1
    const isSurrogate = code >= 0xd800 && code <= 0xdfff
    if (code < 0 || code > CODE_POINT_MAX || isSurrogate) throw malformed()
    return String.fromCodePoint(code)
  })
}
