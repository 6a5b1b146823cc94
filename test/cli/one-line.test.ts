import { describe, expect, it } from 'vitest'
import { oneLine, safeJson } from '../../src/cli/one-line.ts'

describe('text for a terminal', () => {
  it.each([
    ['\u001b[2J', '\\u001b[2J'],
    [
      'a\nClean: everything is as it was written.',
      'a\\u000aClean: everything is as it was written.',
    ],
    ['\u009b31m\u007f\r\0', '\\u009b31m\\u007f\\u000d\\u0000'],
    ['gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['a\u2028b', 'a\\u2028b'],
    ['日本 ü 🎉', '日本 ü 🎉'],
  ])('gives no orders and has one line: %j', (text, shown) => {
    expect(oneLine(text)).toBe(shown)
  })

  it('is the same JSON', () => {
    const value = { key: '\u009b31m\u007f\u001b\n\u202e', other: ['日本'] }
    const json = safeJson(JSON.stringify(value, null, 2))
    expect(JSON.parse(json)).toEqual(value)
    expect(oneLine(json.replaceAll('\n', ''))).toBe(json.replaceAll('\n', ''))
  })
})
