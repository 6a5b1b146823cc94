import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ListPage, ObjectStore } from '../../../src/store/object-store.ts'
import { type bucket, key, keysOf, list, put, remove } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

/** Keys that share prefixes, with characters of one to four bytes of UTF-8. */
const characters = ['a', 'b', '/', '//', '-', '\0', 'é', '\ufffd', '\u{1f3fa}', '\u{10000}']
const someKey = fc
  .array(fc.constantFrom(...characters), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
const someDelimiter = fc.constantFrom('', '/', '//', 'a', 'é', '\u{1f3fa}', 'ab')
const somePrefix = fc.oneof(fc.constantFrom('', 'a', '/', 'a/', '\u{1f3fa}', 'zz'), someKey)

export function listCases(open: OpenSubject): void {
  it(
    'sorts by UTF-8 bytes, which UTF-16 does not',
    onStore(open, async (store) => {
      for (const name of ['\u{1f3fa}', '\ufffd', 'é', 'z', 'Z', '']) {
        if (name !== '') await put(store, name, 'x')
      }
      expect(await keysOf(store)).toEqual(['Z', 'z', 'é', '\ufffd', '\u{1f3fa}'])
    }),
  )

  it(
    'shows a write and a delete at once',
    onStore(open, async (store) => {
      expect(await keysOf(store)).toEqual([])
      const { key: _, versionId: __, ...info } = await put(store, 'a', 'x')
      expect((await list(store)).objects).toEqual([{ key: 'a', ...info }])
      await remove(store, 'a')
      expect(await keysOf(store)).toEqual([])
    }),
  )

  it(
    'folds keys into common prefixes',
    onStore(open, async (store) => {
      for (const name of ['foo', 'foo/bar', 'foo/baz/1', 'foo//x', 'quux/1', 'zero']) {
        await put(store, name, 'x')
      }
      expect(shape(await list(store, { delimiter: '/' }))).toEqual([
        ['foo', 'zero'],
        ['foo/', 'quux/'],
        false,
      ])
      expect(shape(await list(store, { prefix: 'foo/', delimiter: '/' }))).toEqual([
        ['foo/bar'],
        ['foo//', 'foo/baz/'],
        false,
      ])
      expect(shape(await list(store, { delimiter: 'u' }))).toEqual([
        ['foo', 'foo//x', 'foo/bar', 'foo/baz/1', 'zero'],
        ['qu'],
        false,
      ])
      expect(shape(await list(store, { prefix: 'none', delimiter: '/' }))).toEqual([[], [], false])
    }),
  )

  it(
    'pages with delimiters as S3 does: a marker that is a common prefix skips all of it',
    onStore(open, async (store) => {
      for (const name of ['asdf', 'boo/bar', 'boo/baz/xyzzy', 'cquux/thud', 'cquux/bla']) {
        await put(store, name, 'x')
      }
      const pages = []
      let after = ''
      for (;;) {
        const page = await list(store, { delimiter: '/', after, limit: 1 })
        pages.push(shape(page))
        if (!page.isTruncated) break
        after = page.last ?? ''
      }
      expect(pages).toEqual([
        [['asdf'], [], true],
        [[], ['boo/'], true],
        [[], ['cquux/'], false],
      ])
      expect(shape(await list(store, { delimiter: '/', after: 'boo/bar' }))).toEqual([
        [],
        ['cquux/'],
        false,
      ])
    }),
  )

  it(
    'answers a limit of 0 with nothing and no promise of more',
    onStore(open, async (store) => {
      await put(store, 'a', 'x')
      expect(shape(await list(store, { limit: 0 }))).toEqual([[], [], false])
    }),
  )

  it(
    'lists as a sorted map would, whatever the keys, prefix, delimiter, marker and limit',
    onStore(open, async (store) => {
      const names = fc.sample(someKey, { numRuns: 150, seed: 7 })
      for (const name of new Set(names)) await put(store, name, name)
      const stored = [...new Set(names)]
      await fc.assert(
        fc.asyncProperty(
          somePrefix,
          someDelimiter,
          fc.oneof(fc.constant(''), someKey, fc.constantFrom(...stored)),
          fc.integer({ min: 1, max: 12 }),
          async (prefix, delimiter, after, limit) => {
            const query = { prefix, delimiter, after, limit }
            expect(shape(await list(store, query))).toEqual(modelPage(stored, query))
          },
        ),
        { numRuns: 400 },
      )
    }),
  )

  it(
    'shows every key once to a client that pages through',
    onStore(open, async (store) => {
      const names = new Set(fc.sample(someKey, { numRuns: 120, seed: 11 }))
      for (const name of names) await put(store, name, 'x')
      for (const delimiter of ['', '/', 'é']) {
        for (const limit of [1, 2, 7]) {
          const whole = await list(store, { delimiter })
          const paged = await pageThrough(store, delimiter, limit)
          expect(paged.keys).toEqual(whole.objects.map((object) => object.key))
          expect(paged.prefixes).toEqual(whole.commonPrefixes)
        }
      }
    }),
  )

  it(
    'keeps listings of buckets apart',
    onStore(open, async (store) => {
      const jars = 'jars' as typeof bucket
      await store.createBucket(jars, { region: 'us-east-1' })
      await put(store, 'a', 'x')
      await put(store, 'b', 'x', { bucket: jars, key: key('b') })
      expect(shape(await list(store, { bucket: jars, after: 'a' }))).toEqual([['b'], [], false])
      expect(await keysOf(store)).toEqual(['a'])
    }),
  )
}

type Shape = readonly [readonly string[], readonly string[], boolean]

function shape(page: ListPage): Shape {
  return [page.objects.map((object) => object.key), page.commonPrefixes, page.isTruncated]
}

interface ModelQuery {
  readonly prefix: string
  readonly delimiter: string
  readonly after: string
  readonly limit: number
}

/** The definition: fold, sort by bytes, take what lies behind the marker. */
function modelPage(names: readonly string[], query: ModelQuery): Shape {
  const { prefix, delimiter, after, limit } = query
  const entries = new Map<string, 'key' | 'prefix'>()
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const index = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    if (index === -1) entries.set(name, 'key')
    else entries.set(name.slice(0, index + delimiter.length), 'prefix')
  }
  const all = [...entries]
    .filter(([name]) => byBytes(name, after) > 0)
    .sort(([one], [other]) => byBytes(one, other))
  const page = all.slice(0, limit)
  const of = (kind: string) => page.filter(([, which]) => which === kind).map(([name]) => name)
  return [of('key'), of('prefix'), all.length > limit]
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

async function pageThrough(store: ObjectStore, delimiter: string, limit: number) {
  const keys: string[] = []
  const prefixes: string[] = []
  let after = ''
  for (;;) {
    const page = await list(store, { delimiter, after, limit })
    keys.push(...page.objects.map((object) => object.key))
    prefixes.push(...page.commonPrefixes)
    if (!page.isTruncated) return { keys, prefixes }
    after = page.last ?? ''
  }
}
