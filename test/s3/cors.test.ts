import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { corsHeaders, requestedHeaders } from '../../src/s3/cors.ts'
import type { CorsRule } from '../../src/store/bucket-config.ts'

const rule: CorsRule = {
  id: null,
  methods: ['GET'],
  origins: ['*'],
  headers: [],
  exposeHeaders: [],
  maxAgeSeconds: null,
}

const asked = (origin: string, headers: readonly string[] = []) => ({
  origin,
  method: 'GET',
  headers,
})

describe('a pattern', () => {
  it('matches what its star can stand for, and no less', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 6 })
    fc.assert(
      fc.property(letters, letters, letters, (head, tail, origin) => {
        const literal = (text: string) => text.replaceAll('.', '\\.')
        const expected = new RegExp(`^${literal(head)}.*${literal(tail)}$`).test(origin)
        const rules = [{ ...rule, origins: [`${head}*${tail}`] }]
        expect(corsHeaders(rules, asked(origin)) !== null).toBe(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('does not use one letter for both of its ends', () => {
    const rules = [{ ...rule, origins: ['ab*ba'] }]
    expect(corsHeaders(rules, asked('aba'))).toBeNull()
    expect(corsHeaders(rules, asked('abba'))).not.toBeNull()
  })

  it('without a star is the origin itself, in its case', () => {
    const rules = [{ ...rule, origins: ['http://a'] }]
    expect(corsHeaders(rules, asked('http://a'))).not.toBeNull()
    for (const other of ['http://A', 'http://a/', 'http://aa', '']) {
      expect(corsHeaders(rules, asked(other))).toBeNull()
    }
  })

  it('of headers matches in any case', () => {
    const rules = [{ ...rule, headers: ['X-Amz-*', 'content-type'] }]
    const names = requestedHeaders(' Content-Type,x-AMZ-date ,, ')
    expect(names).toEqual(['content-type', 'x-amz-date'])
    expect(corsHeaders(rules, asked('o', names))).not.toBeNull()
    expect(corsHeaders(rules, asked('o', ['x-am']))).toBeNull()
  })
})

describe('rules', () => {
  it('are tried in order, each as a whole', () => {
    const rules: CorsRule[] = [
      { ...rule, origins: ['http://a'], methods: ['PUT'] },
      { ...rule, origins: ['http://a'], maxAgeSeconds: 1 },
      { ...rule, maxAgeSeconds: 2 },
    ]
    expect(corsHeaders(rules, asked('http://a'))?.['access-control-max-age']).toBe('1')
    expect(corsHeaders(rules, asked('http://b'))?.['access-control-max-age']).toBe('2')
    expect(corsHeaders(rules, { ...asked('http://b'), method: 'PUT' })).toBeNull()
    expect(corsHeaders([], asked('http://b'))).toBeNull()
  })
})
