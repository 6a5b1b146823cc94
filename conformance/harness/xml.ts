/** Just enough XML to look into replies: strict well-formedness, and text by element name. */
import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** Throws unless the text is one well-formed document. */
export function assertWellFormed(text: string): void {
  const result = XMLValidator.validate(text)
  if (result !== true) throw new Error(`not well-formed: ${result.err.msg}\n${text.slice(0, 500)}`)
  new XMLParser().parse(text)
}

/** Decoded text of every element of that name, in document order. */
export function elements(text: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</${name}>)`, 'g')
  return [...text.matchAll(pattern)].map((match) => decoded(match[1] ?? ''))
}

export function element(text: string, name: string): string | null {
  return elements(text, name)[0] ?? null
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return named.get(name) ?? whole
  })
}

const named = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])
