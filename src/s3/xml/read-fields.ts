import { malformed, type XmlElement } from './read-xml.ts'

/** The only child of that name; null when there is none. @throws S3Error `MalformedXML` for two */
export function child(element: XmlElement, name: string): XmlElement | null {
  let found: XmlElement | null = null
  for (const candidate of element.children) {
    if (candidate.name !== name) continue
    if (found !== null) throw malformed()
    found = candidate
  }
  return found
}

/** Its text as written; null when there is none. @throws S3Error `MalformedXML` as `child` */
export function childText(element: XmlElement, name: string): string | null {
  const found = child(element, name)
  if (found === null) return null
  if (found.children.length > 0) throw malformed()
  return found.text
}

/** As `childText`, but it must be there. @throws S3Error `MalformedXML` */
export function requiredText(element: XmlElement, name: string): string {
  const text = childText(element, name)
  if (text === null) throw malformed()
  return text
}

/** `true` or `false`, `absent` when there is none. @throws S3Error `MalformedXML` */
export function childFlag(element: XmlElement, name: string, absent: boolean): boolean {
  const text = childText(element, name)?.trim()
  if (text === undefined) return absent
  if (text !== 'true' && text !== 'false') throw malformed()
  return text === 'true'
}

/** Refuses children that the schema does not name: ignoring one would lose what it means. */
export function allowOnly(element: XmlElement, names: ReadonlySet<string>): void {
  for (const { name } of element.children) {
    if (!names.has(name)) throw malformed()
  }
}
