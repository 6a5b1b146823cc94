import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePostPolicy, requirePostPolicy } from '../../../src/s3/auth/post-policy.ts'
import { S3Error } from '../../../src/s3/errors.ts'

const encoded = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64')
const NOW = Date.UTC(2026, 0, 1)

/** What it throws, which is never anything but an answer. */
function answer(run: () => unknown): string {
  try {
    run()
    return 'taken'
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
}

describe('a policy of any shape', () => {
  it('is read or refused', () => {
    const operator = fc.constantFrom('eq', 'starts-with', 'content-length-range', 'EQ', 'x')
    const condition = fc.oneof(
      fc.jsonValue(),
      fc.tuple(operator, fc.jsonValue(), fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
    )
    const document = fc.oneof(
      fc.jsonValue(),
      fc.record({
        expiration: fc.oneof(fc.constant('2999-01-01T00:00:00.000Z'), fc.jsonValue()),
        conditions: fc.oneof(fc.array(condition), fc.jsonValue()),
      }),
    )
    fc.assert(
      fc.property(document, (value) => {
        expect(['taken', 'InvalidPolicyDocument']).toContain(
          answer(() => parsePostPolicy(encoded(value))),
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('of any text is read or refused, soon', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(answer(() => parsePostPolicy(text))).toBe('InvalidPolicyDocument')
      }),
    )
    const started = performance.now()
    for (const text of [`${' '.repeat(20_000)}!`, 'A'.repeat(20_000), '='.repeat(20_000)]) {
      expect(answer(() => parsePostPolicy(text))).toBe('InvalidPolicyDocument')
    }
    expect(answer(() => parsePostPolicy(Buffer.from('['.repeat(15_000)).toString('base64')))).toBe(
      'InvalidPolicyDocument',
    )
    expect(performance.now() - started).toBeLessThan(500)
  })

  it('lets in just the fields that its conditions name, with the values they allow', () => {
    const name = fc.constantFrom('key', 'acl', 'content-type', 'x-amz-meta-a', '__proto__')
    const value = fc.constantFrom('', 'a', 'ab', 'b', 'a,ab')
    const rule = fc.record({ operator: fc.constantFrom('eq', 'starts-with'), name, value })
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 5 }),
        fc.uniqueArray(fc.tuple(name, value), { selector: ([field]) => field }),
        (rules, fields) => {
          const policy = parsePostPolicy(
            encoded({
              expiration: '2999-01-01T00:00:00Z',
              conditions: rules.map((one) => [one.operator, `$${one.name}`, one.value]),
            }),
          )
          const values = new Map(fields)
          const holds = rules.every((one) => {
            const given = values.get(one.name) ?? ''
            if (one.operator === 'eq') return given === one.value
            const items = one.name === 'content-type' ? given.split(',') : [given]
            return items.every((item) => item.trim().startsWith(one.value))
          })
          const named = new Set<string>(rules.map((one) => one.name))
          const isAllowed = holds && fields.every(([field]) => named.has(field))
          expect(answer(() => requirePostPolicy(policy, values, NOW))).toBe(
            isAllowed ? 'taken' : 'AccessDenied',
          )
        },
      ),
      { numRuns: 2000 },
    )
  })
})
