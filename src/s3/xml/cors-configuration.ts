import type { CorsMethod, CorsRule } from '../../store/bucket-config.ts'
import { corsMethods } from '../cors.ts'
import { S3Error } from '../errors.ts'
import { allowOnly, childText } from './read-fields.ts'
import { malformed, readXml, type XmlElement } from './read-xml.ts'
import { element, parent, xmlDocument } from './write-xml.ts'

/** AWS S3 User Guide, "Elements of a CORS configuration". */
const RULES_MAX = 100
const ID_LENGTH_MAX = 255
/** What a catalog row can hold; no browser sends as much. */
const TEXT_LENGTH_MAX = 8192
const MAX_AGE_MAX = 2 ** 31 - 1

const FIELDS = new Set([
  'ID',
  'AllowedMethod',
  'AllowedOrigin',
  'AllowedHeader',
  'ExposeHeader',
  'MaxAgeSeconds',
])

export function corsConfiguration(rules: readonly CorsRule[]): string {
  return xmlDocument('CORSConfiguration', rules.map(ruleElement))
}

/**
 * @throws S3Error `MalformedXML`; `InvalidRequest` for an unknown method, a second wildcard, or a
 *   value that could not stand in a header
 */
export function readCorsConfiguration(text: string): readonly CorsRule[] {
  const root = readXml(text, 'CORSConfiguration')
  allowOnly(root, new Set(['CORSRule']))
  if (root.children.length === 0 || root.children.length > RULES_MAX) throw malformed()
  return root.children.map(readRule)
}

function ruleElement(rule: CorsRule): string {
  return parent('CORSRule', [
    element('ID', rule.id),
    ...rule.methods.map((method) => element('AllowedMethod', method)),
    ...rule.origins.map((origin) => element('AllowedOrigin', origin)),
    ...rule.headers.map((name) => element('AllowedHeader', name)),
    ...rule.exposeHeaders.map((name) => element('ExposeHeader', name)),
    element('MaxAgeSeconds', rule.maxAgeSeconds),
  ])
}

function readRule(rule: XmlElement): CorsRule {
  allowOnly(rule, FIELDS)
  const methods = textsOf(rule, 'AllowedMethod').map(readMethod)
  const origins = textsOf(rule, 'AllowedOrigin').map(readOrigin)
  if (methods.length === 0 || origins.length === 0) throw malformed()
  return {
    id: readId(rule),
    methods: [...new Set(methods)],
    origins,
    headers: textsOf(rule, 'AllowedHeader').map(readAllowedHeader),
    exposeHeaders: textsOf(rule, 'ExposeHeader').map(readExposeHeader),
    maxAgeSeconds: readMaxAge(rule),
  }
}

function textsOf(rule: XmlElement, name: string): readonly string[] {
  return rule.children
    .filter((candidate) => candidate.name === name)
    .map(({ text, children }) => {
      const value = text.trim()
      if (children.length > 0 || value === '' || value.length > TEXT_LENGTH_MAX) throw malformed()
      return value
    })
}

function readId(rule: XmlElement): string | null {
  const id = childText(rule, 'ID')
  if (id === null || id === '') return null
  if (id.length > ID_LENGTH_MAX) throw malformed()
  return id
}

function readMaxAge(rule: XmlElement): number | null {
  const text = childText(rule, 'MaxAgeSeconds')?.trim()
  if (text === undefined) return null
  if (!/^\d{1,10}$/.test(text) || Number(text) > MAX_AGE_MAX) throw malformed()
  return Number(text)
}

function readMethod(text: string): CorsMethod {
  const method = corsMethods.find((known) => known === text)
  if (method !== undefined) return method
  throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${text}`)
}

// Visible ASCII: what is sent back in a header must not be able to end one.
const ORIGIN = /^[!-~]+$/
// RFC 9110 §5.6.2, token; of it `*` is the wildcard.
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function readOrigin(text: string): string {
  if (!ORIGIN.test(text)) throw invalid(`AllowedOrigin ${JSON.stringify(text)} is not an origin.`)
  requireOneWildcard('AllowedOrigin', text)
  return text
}

function readAllowedHeader(text: string): string {
  requireHeaderName('AllowedHeader', text)
  requireOneWildcard('AllowedHeader', text)
  return text
}

function readExposeHeader(text: string): string {
  requireHeaderName('ExposeHeader', text)
  if (text.includes('*')) {
    throw invalid(
      `ExposeHeader "${text}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    )
  }
  return text
}

function requireHeaderName(field: string, text: string): void {
  if (!HEADER_NAME.test(text)) {
    throw invalid(`${field} ${JSON.stringify(text)} is not the name of a header.`)
  }
}

function requireOneWildcard(field: string, text: string): void {
  if (text.indexOf('*') !== text.lastIndexOf('*')) {
    throw invalid(`${field} "${text}" can not have more than one wildcard.`)
  }
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
