/**
 * The policy of a form upload: what its signer lets the holder of the form put, and until when.
 * Source: AWS API Reference, "Creating a POST policy". Pure.
 */
import { isUtf8 } from 'node:buffer'
import { S3Error } from '../errors.ts'

export interface PostPolicy {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly conditions: readonly FieldCondition[]
  /** Bytes of the file, both ends included; null: not limited. */
  readonly sizes: SizeRange | null
}

/** Whether a condition names this field, by its lower-case name. */
export function isListed(policy: PostPolicy, name: string): boolean {
  return policy.conditions.some(({ field }) => field === name)
}

export interface SizeRange {
  readonly min: number
  readonly max: number
}

interface FieldCondition {
  readonly operator: 'eq' | 'starts-with'
  /** Lower-case, without the dollar sign. */
  readonly field: string
  readonly value: string
}

/**
 * @param encoded the field `policy` as sent: Base64 of JSON
 * @throws S3Error `InvalidPolicyDocument`
 */
export function parsePostPolicy(encoded: string): PostPolicy {
  const document = parseJson(encoded)
  if (!isRecord(document)) throw invalid('Invalid JSON.')
  const { expiration, conditions, ...others } = document
  const [unexpected] = Object.keys(others)
  if (unexpected !== undefined) throw invalid(`Unexpected: '${unexpected}'`)
  if (expiration === undefined) throw invalid('Policy missing expiration.')
  if (conditions === undefined) throw invalid('Policy missing conditions.')
  if (!Array.isArray(conditions) || conditions.length === 0) {
    throw invalid('Conditions must be a list that is not empty.')
  }
  const fields: FieldCondition[] = []
  let sizes: SizeRange | null = null
  for (const condition of conditions) {
    const parsed = parseCondition(condition)
    if ('field' in parsed) fields.push(parsed)
    else sizes = sizes === null ? parsed : narrower(sizes, parsed)
  }
  return { expiresAt: parseExpiration(expiration), conditions: fields, sizes }
}

/**
 * Holds a form against its policy.
 *
 * @param values of all fields but the file, and `bucket`, by lower-case name
 * @param now milliseconds since the epoch
 * @throws S3Error `AccessDenied` when it expired, a condition does not hold, or a field is sent
 *   that no condition names
 */
export function requirePostPolicy(
  policy: PostPolicy,
  values: ReadonlyMap<string, string>,
  now: number,
): void {
  if (now >= policy.expiresAt) throw denied('Policy expired.')
  for (const condition of policy.conditions) {
    if (holds(condition, values.get(condition.field) ?? '')) continue
    const { operator, field, value } = condition
    throw denied(`Policy Condition failed: ${JSON.stringify([operator, `$${field}`, value])}`)
  }
  const named = new Set(policy.conditions.map(({ field }) => field))
  const extra = [...values.keys()].filter((name) => !named.has(name) && !isExempt(name))
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
}

/** Fields that need no condition. AWS API Reference, "Conditions". */
function isExempt(name: string): boolean {
  return EXEMPT.has(name) || name.startsWith('x-ignore-')
}

const EXEMPT = new Set(['policy', 'x-amz-signature'])

function holds({ operator, field, value }: FieldCondition, given: string): boolean {
  if (operator === 'eq') return given === value
  // A list of types must keep to the prefix in each of its items.
  const items = field === 'content-type' ? given.split(',').map((item) => item.trim()) : [given]
  return items.every((item) => item.startsWith(value))
}

function parseJson(encoded: string): unknown {
  // Some encoders break lines.
  const plain = encoded.replaceAll(/\s/g, '')
  if (!BASE64.test(plain)) throw invalid('Invalid Base64.')
  const bytes = Buffer.from(plain, 'base64')
  if (!isUtf8(bytes)) throw invalid('Invalid JSON.')
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw invalid('Invalid JSON.', cause)
  }
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

function parseExpiration(value: unknown): number {
  const time = typeof value === 'string' && ISO_TIME.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw invalid("Invalid 'expiration' value.")
  return time
}

function parseCondition(condition: unknown): FieldCondition | SizeRange {
  if (Array.isArray(condition)) return parseList(condition)
  if (!isRecord(condition)) throw invalid('Invalid condition.')
  const [entry, ...others] = Object.entries(condition)
  if (entry === undefined || others.length > 0) {
    throw invalid(
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    )
  }
  const [field, value] = entry
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  return { operator: 'eq', field: field.toLowerCase(), value }
}

function parseList(condition: readonly unknown[]): FieldCondition | SizeRange {
  const [name, first, second] = condition
  const operator = typeof name === 'string' ? name.toLowerCase() : ''
  if (condition.length !== 3) throw invalid(`Invalid ${operator}: it has two arguments.`)
  switch (operator) {
    case 'content-length-range':
      return { min: parseSize(first), max: parseSize(second) }
    case 'eq':
    case 'starts-with':
      if (typeof first !== 'string' || typeof second !== 'string' || !first.startsWith('$')) {
        throw invalid(`Invalid ${operator}: it has a field and a string.`)
      }
      return { operator, field: first.slice(1).toLowerCase(), value: second }
    default:
      throw invalid(`Unknown condition operation: ${operator}`)
  }
}

/** A number, or a string of digits, as some clients write it. */
function parseSize(value: unknown): number {
  const size = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid('Invalid content-length-range.')
  }
  return size
}

function narrower(one: SizeRange, other: SizeRange): SizeRange {
  return { min: Math.max(one.min, other.min), max: Math.min(one.max, other.max) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string, cause?: unknown): S3Error {
  const message = `Invalid Policy: ${reason}`
  return new S3Error(
    'InvalidPolicyDocument',
    {},
    { message, ...(cause !== undefined && { cause }) },
  )
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', {}, { message: `Invalid according to Policy: ${reason}` })
}
