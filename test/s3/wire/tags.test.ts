import { describe, expect, it } from 'vitest'
import { checkTags, parseTaggingHeader } from '../../../src/s3/wire/tags.ts'

const invalidTag = expect.objectContaining({ code: 'InvalidTag' })
const tags = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `key${index}`, value: `${index}` }))

describe('x-amz-tagging', () => {
  it.each([
    [null, []],
    ['', []],
    ['a=b', [{ key: 'a', value: 'b' }]],
    ['a', [{ key: 'a', value: '' }]],
    ['a=', [{ key: 'a', value: '' }]],
    ['a=b=c&d=%26', null],
    [
      'a=b%20c+d&e=%2B',
      [
        { key: 'a', value: 'b c d' },
        { key: 'e', value: '+' },
      ],
    ],
    ['%C3%BC=%E6%97%A5', [{ key: 'ü', value: '日' }]],
  ])('%j is %j', (value, expected) => {
    if (expected === null) expect(() => parseTaggingHeader(value)).toThrow(invalidTag)
    else expect(parseTaggingHeader(value)).toEqual(expected)
  })

  it.each(['a=%zz', 'a=b&a=c', 'a=%FF'])('%j is refused', (value) => {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => parseTaggingHeader(value)).toThrow(refused)
  })

  it('is held to the rules of tags', () => {
    const value = tags(11)
      .map((tag) => `${tag.key}=x`)
      .join('&')
    expect(() => parseTaggingHeader(value)).toThrow(invalidTag)
  })
})

describe('tags', () => {
  it('may be ten, of 128 and 256 characters', () => {
    expect(checkTags(tags(10))).toHaveLength(10)
    const longest = [{ key: '𐐷'.repeat(128), value: '日'.repeat(256) }]
    expect(checkTags(longest)).toBe(longest)
  })

  it.each([
    ['eleven', tags(11)],
    ['a key of none', [{ key: '', value: 'a' }]],
    ['a key of 129', [{ key: 'a'.repeat(129), value: '' }]],
    ['a value of 257', [{ key: 'a', value: 'a'.repeat(257) }]],
    ['a key twice', [...tags(1), ...tags(1)]],
    ['a key of AWS', [{ key: 'aws:a', value: '' }]],
    ['control characters', [{ key: 'a', value: 'a\nb' }]],
    ['other punctuation', [{ key: 'a<b', value: '' }]],
  ])('may not be %s', (_, wrong) => {
    expect(() => checkTags(wrong)).toThrow(invalidTag)
  })
})
