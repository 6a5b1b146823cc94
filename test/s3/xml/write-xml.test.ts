import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { readXml } from '../../../src/s3/xml/read-xml.ts'
import { element, escapeXml, parent, xmlDocument, xmlTime } from '../../../src/s3/xml/write-xml.ts'

describe('documents', () => {
  it('are put together from elements', () => {
    expect(xmlDocument('A', [element('B', 1), parent('C', [element('D', 'x')])])).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<A xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><B>1</B><C><D>x</D></C></A>',
    )
  })

  it('leave out what has no value, and keep what is empty', () => {
    expect(element('A', null)).toBe('')
    expect(element('A', undefined)).toBe('')
    expect(element('A', '')).toBe('<A></A>')
    expect(element('A', false)).toBe('<A>false</A>')
    expect(element('A', 0)).toBe('<A>0</A>')
  })
})

describe('escaping', () => {
  it('writes as references what XML would change or forbids', () => {
    expect(escapeXml(`a&b<c>d"e'f`)).toBe(`a&amp;b&lt;c&gt;d&quot;e'f`)
    expect(escapeXml('a\rb\nc\td')).toBe('a&#13;b\nc\td')
    expect(escapeXml('\u0001\u001f\uffff')).toBe('&#x1;&#x1f;&#xffff;')
  })

  it('leaves letters of all scripts alone', () => {
    expect(escapeXml('grüße 日本 🎉')).toBe('grüße 日本 🎉')
  })

  it('comes back as it went in, whatever XML can hold', () => {
    // Written as references, but no parser of XML 1.0 takes them back.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids just these.
    const isForbidden = (text: string) => /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!isForbidden(text))
        expect(readXml(xmlDocument('A', [element('K', text)]), 'A').children[0]?.text).toBe(text)
      }),
    )
    const lines = 'a\rb\nc\td\r\n'
    expect(readXml(xmlDocument('A', [element('K', lines)]), 'A').children[0]?.text).toBe(lines)
  })

  it('is understood by another parser', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: true })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const parsed = parser.parse(xmlDocument('A', [element('K', text)]))
        expect(parsed.A.K).toBe(text)
      }),
    )
  })
})

describe('times', () => {
  it('have the resolution of Last-Modified', () => {
    expect(xmlTime(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05.000Z')
  })
})
