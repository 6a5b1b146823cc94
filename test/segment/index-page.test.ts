import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeIndexPage,
  encodeIndexPage,
  INDEX_PAGE_ENTRIES_MAX,
  type IndexEntry,
  isIndexPage,
  searchIndexPage,
} from '../../src/segment/index-page.ts'

const u32 = fc.oneof(fc.nat(3), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff))
const entry: fc.Arbitrary<IndexEntry> = fc.record({
  blob: fc.record({ segment: u32, offset: u32 }),
  number: u32,
  offset: fc.nat(),
})

function keyText({ blob, number }: IndexEntry): string {
  return [blob.segment, blob.offset, number].map((part) => String(part).padStart(10, '0')).join()
}

const entries = fc
  .uniqueArray(entry, { selector: keyText, maxLength: 40 })
  .map((all) => all.sort((left, right) => (keyText(left) < keyText(right) ? -1 : 1)))

describe('index page', () => {
  it('keeps its bytes on disk for ever', () => {
    const page = encodeIndexPage([
      { blob: { segment: 1, offset: 128 }, number: 0, offset: 4096 },
      { blob: { segment: 1, offset: 128 }, number: 0xffffffff, offset: 8192 },
    ])
    expect(page.toString('hex')).toBe(
      '01000000800000000000000000100000' + '0100000080000000ffffffff00200000',
    )
  })

  it('survives a round trip', () => {
    fc.assert(
      fc.property(entries, (all) => {
        expect(decodeIndexPage(encodeIndexPage(all))).toEqual(all)
      }),
    )
  })

  it('finds every key that is there and none that is not, unsigned', () => {
    fc.assert(
      fc.property(entries, entry, (all, other) => {
        const page = encodeIndexPage(all)
        for (const each of all) expect(searchIndexPage(page, each)).toBe(each.offset)
        if (all.some((each) => keyText(each) === keyText(other))) return
        expect(searchIndexPage(page, other)).toBe(null)
      }),
    )
  })

  it('knows what cannot be a page', () => {
    expect(isIndexPage(Buffer.alloc(0))).toBe(false)
    expect(isIndexPage(Buffer.alloc(17))).toBe(false)
    expect(isIndexPage(Buffer.alloc(16))).toBe(true)
    expect(isIndexPage(Buffer.alloc(16 * INDEX_PAGE_ENTRIES_MAX))).toBe(true)
    expect(isIndexPage(Buffer.alloc(16 * (INDEX_PAGE_ENTRIES_MAX + 1)))).toBe(false)
  })
})
