import { describe, expect, it } from 'vitest'
import { CatalogIndex } from '../../src/catalog/catalog-index.ts'
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import type { KvPosition } from '../../src/catalog/kv/ordered-kv.ts'
import { bytes } from './catalog-bed.ts'

const position = (sequence: number): KvPosition => ({
  sequence,
  segment: 1,
  recordOffset: 128,
  offset: 128,
  chain: Buffer.alloc(32),
  commitSize: sequence,
})

describe('a row that was looked for in vain', () => {
  const key = bytes('k')
  const row = bytes('v')

  async function searched(): Promise<CatalogIndex> {
    const index = new CatalogIndex(new MemoryKv())
    expect(index.get(key)).toBeNull()
    expect(index.get(key)).toBeNull()
    return index
  }

  it('is found once it was written, and after it was flushed', async () => {
    const index = await searched()
    index.set('k', row)
    index.advance(position(1))
    expect(index.get(key)).toEqual(row)
    const flushed = index.flush()
    expect(index.get(key)).toEqual(row)
    await flushed
    expect(index.get(key)).toEqual(row)
  })

  it('is found when it was flushed before anybody looked again', async () => {
    const index = await searched()
    index.set('k', row)
    index.advance(position(1))
    await index.flush()
    expect(index.get(key)).toEqual(row)
  })

  it('is found in an index that takes the place of this one', async () => {
    const index = await searched()
    const other = new MemoryKv()
    await other.apply([{ key, value: row }], position(1))
    await index.replace(other)
    expect(index.get(key)).toEqual(row)
  })
})
