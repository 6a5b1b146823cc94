import { describe, expect, it } from 'vitest'
import { parseQuery } from '../../../src/s3/wire/query.ts'

describe('the query of a request', () => {
  it('keeps names without a value, repeated names, and their order', () => {
    const query = parseQuery('uploads&a=1&a=2&b=x%3Dy=z&&=c')
    expect([...query.entries()]).toEqual([
      ['uploads', ''],
      ['a', '1'],
      ['a', '2'],
      ['b', 'x=y=z'],
      ['', 'c'],
    ])
    expect(query.has('uploads')).toBe(true)
    expect(query.get('uploads')).toBe('')
    expect(query.get('a')).toBe('1')
    expect(query.get('missing')).toBeNull()
    expect(query.has('missing')).toBe(false)
  })

  it('decodes names and values once, and leaves plus signs', () => {
    const query = parseQuery('%70refix=a%252Fb+c')
    expect(query.get('prefix')).toBe('a%2Fb+c')
  })

  it('is not misled by names of the prototype', () => {
    expect(parseQuery('').has('constructor')).toBe(false)
    expect(parseQuery('__proto__=x').get('__proto__')).toBe('x')
  })

  it.each(['a=%', '%zz=1', 'a=%C0%AF'])('refuses %j', (rawQuery) => {
    const refused = expect.objectContaining({ code: 'InvalidURI' })
    expect(() => parseQuery(rawQuery)).toThrow(refused)
  })
})
