import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { readCompletedParts } from '../../../src/s3/xml/complete-multipart-upload.ts'
import { allowOnly, child, childFlag, childText } from '../../../src/s3/xml/read-fields.ts'
import { readXml, type XmlElement } from '../../../src/s3/xml/read-xml.ts'

const text = (source: string) => readXml(source, 'a').text

describe('what is well-formed is read', () => {
  it.each([
    ['text', '<a>x</a>', 'x'],
    ['white space kept', '<a> x \n</a>', ' x \n'],
    ['digits as text', '<a>0123</a>', '0123'],
    ['nothing', '<a/>', ''],
    ['nothing, in two tags', '<a></a >', ''],
    ['a declaration', '<?xml version="1.0" encoding="UTF-8"?>\n<a>x</a>', 'x'],
    ['a byte order mark', '\ufeff<a>x</a>', 'x'],
    ['comments and instructions around', '<!-- b --><?pi?><a>x</a><!-- e -->\n', 'x'],
    ['comments inside', '<a>x<!-- < & -->y</a>', 'xy'],
    ['named references', '<a>&lt;&gt;&amp;&quot;&apos;</a>', '<>&"\''],
    ['numeric references', '<a>&#65;&#x42;&#13;&#x1F389;</a>', 'AB\r🎉'],
    ['references only once', '<a>&amp;lt;</a>', '&lt;'],
    ['CDATA', '<a><![CDATA[<x>&amp;]]></a>', '<x>&amp;'],
    ['line ends, made newlines', '<a>1\r\n2\r3</a>', '1\n2\n3'],
    ['attributes', `<a xmlns="http://x" b:c = 'd>"'>x</a>`, 'x'],
    ['a prefix', '<s3:a xmlns:s3="x">x</s3:a>', 'x'],
  ])('%s', (_name, source, expected) => {
    expect(text(source)).toBe(expected)
  })

  it('children, in order', () => {
    const root = readXml('<a>1<b>2</b>3<c><d/></c></a>', 'a')
    expect(root).toEqual<XmlElement>({
      name: 'a',
      text: '13',
      children: [
        { name: 'b', text: '2', children: [] },
        { name: 'c', text: '', children: [{ name: 'd', text: '', children: [] }] },
      ],
    })
  })
})

describe('what is not well-formed, or asks for trouble, is MalformedXML', () => {
  it.each([
    ['nothing', ''],
    ['white space', '  \n'],
    ['text', 'hello'],
    ['another root', '<b>x</b>'],
    ['an unclosed element', '<a><b></a>'],
    ['an unclosed root', '<a>x'],
    ['a stray end', '</a>'],
    ['crossed elements', '<a><b><c></b></c></a>'],
    ['an end with another prefix', '<p:a></q:a>'],
    ['text after the root', '<a/>x'],
    ['a second root', '<a/><a/>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>'],
    ['a file entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['an entity nobody declared', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>x & y</a>'],
    ['a reference without its end', '<a>&amp</a>'],
    ['a surrogate by number', '<a>&#xD800;</a>'],
    ['a character beyond Unicode', '<a>&#x110000;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['NUL', '<a>\0</a>'],
    ['an attribute without quotes', '<a b=c/>'],
    ['an attribute without a value', '<a b/>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['< in an attribute', '<a b="<"/>'],
    ['an unclosed comment', '<a><!-- x</a>'],
    ['an unclosed CDATA', '<a><![CDATA[x</a>'],
    ['a declaration inside', '<a><!ELEMENT b></a>'],
    ['an element without a name', '<a>< /></a>'],
    ['too deep', `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`],
  ])('%s', (_name, source) => {
    expect(() => readXml(source, 'a')).toThrow(
      expect.objectContaining({ name: 'S3Error', code: 'MalformedXML' }),
    )
  })

  it('in time that grows with the size only', () => {
    const nasty = [
      `<a>${'<'.repeat(200_000)}`,
      `<a ${'b'.repeat(200_000)}`,
      `<a${' '.repeat(200_000)}`,
      `<a>${'&'.repeat(200_000)}</a>`,
      `<a>${'&#'.repeat(100_000)}</a>`,
      `${'<a>'.repeat(70_000)}`,
      `<a>${'<!--'.repeat(50_000)}`,
      `<a ${'b="c" '.repeat(30_000)}`,
    ]
    for (const source of nasty) {
      const start = performance.now()
      expect(() => readXml(source, 'a')).toThrow()
      expect(performance.now() - start).toBeLessThan(500)
    }
  })

  it('whatever is cut off or changed in a document', () => {
    const whole = '<a b="c"><d>x&amp;y</d><!-- e --><f/></a>'
    for (let length = 0; length < whole.length; length++) {
      expect(() => readXml(whole.slice(0, length), 'a'), `${length}`).toThrow('well-formed')
    }
  })
})

describe('against another parser', () => {
  const oracle = new XMLParser({
    ignoreAttributes: true,
    parseTagValue: false,
    trimValues: false,
    preserveOrder: true,
  })
  const name = fc.constantFrom('Key', 'Object', 'Part', 'ETag')
  const leaf = fc.tuple(name, fc.string({ unit: fc.constantFrom(...'ab <>&"\'é🎉/') }))
  const tree = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf.map(
        ([tag, value]) =>
          `<${tag}>${value.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)}</${tag}>`,
      ),
      fc
        .tuple(name, fc.array(tie('node'), { maxLength: 4 }))
        .map(([tag, inner]) => `<${tag}>${inner.join('')}</${tag}>`),
    ),
  })).node

  type Ordered = { readonly [tag: string]: unknown }
  const shape = (nodes: readonly Ordered[]): unknown[] =>
    nodes.flatMap((node) => {
      const [tag, inner] = Object.entries(node)[0]!
      return tag === '#text' ? [] : [[tag, shape(inner as readonly Ordered[])]]
    })
  const own = (element: XmlElement): unknown => [element.name, element.children.map(own)]

  it('sees the same elements', () => {
    fc.assert(
      fc.property(tree, (inner) => {
        const source = `<a>${inner}</a>`
        expect([own(readXml(source, 'a'))]).toEqual(shape(oracle.parse(source, true)))
      }),
      { numRuns: 300 },
    )
  })
})

describe('fields', () => {
  const root = readXml('<a><b>1</b><b>2</b><c> true </c><d><e/></d><f>TRUE</f></a>', 'a')

  it('are one each, and text where text is due', () => {
    expect(childText(root, 'none')).toBeNull()
    expect(child(root, 'd')?.children).toHaveLength(1)
    expect(() => child(root, 'b')).toThrow('well-formed')
    expect(() => childText(root, 'd')).toThrow('well-formed')
    expect(childFlag(root, 'c', false)).toBe(true)
    expect(childFlag(root, 'none', true)).toBe(true)
    expect(() => childFlag(root, 'f', true)).toThrow('well-formed')
  })

  it('are known, or refused', () => {
    expect(() => allowOnly(root, new Set(['b', 'c', 'd']))).toThrow('well-formed')
    expect(() => allowOnly(root, new Set(['b', 'c', 'd', 'f']))).not.toThrow()
  })
})

describe('a CompleteMultipartUpload of 10,000 parts', () => {
  it('is read without holding the event loop', () => {
    const parts = Array.from(
      { length: 10_000 },
      (_, index) =>
        `<Part><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><PartNumber>${index + 1}</PartNumber></Part>`,
    )
    const source = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    readCompletedParts(source)
    const start = process.cpuUsage()
    const read = readCompletedParts(source)
    const { user } = process.cpuUsage(start)
    expect(read).toHaveLength(10_000)
    expect(read[9999]).toEqual({
      partNumber: 10_000,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      checksum: null,
    })
    // Measured: about 15 ms. A general parser takes 250.
    expect(user / 1000).toBeLessThan(150)
  })
})
