import { describe, expect, it } from 'vitest'
import { KEY_SIZE_MAX, parseObjectKey } from '../../src/model/object-key.ts'

describe('an object key', () => {
  it.each(['a', '/', '//', '../..', 'a\0b', 'foo/', 'é', '\u{1f3fa}', ' '])('may be %j', (key) => {
    expect(parseObjectKey(key)).toBe(key)
  })

  it('is as long as 1024 bytes of UTF-8, whatever the characters', () => {
    expect(KEY_SIZE_MAX).toBe(1024)
    for (const character of ['a', 'é', '\u{1f3fa}']) {
      const count = KEY_SIZE_MAX / Buffer.byteLength(character)
      expect(parseObjectKey(character.repeat(count))).not.toBeNull()
      expect(parseObjectKey(`${character.repeat(count)}a`)).toBeNull()
    }
  })

  // Two strings that are not well-formed would become the same bytes, and so the same object.
  it.each(['', '\ud800', 'a\udc00b', '\udc00\ud800'])('may not be %j', (key) => {
    expect(parseObjectKey(key)).toBeNull()
  })
})
