import { describe, expect, it } from 'vitest'
import { decodeRecipe, encodeRecipe, recipeChunk } from '../../src/engine/recipe.ts'

const blob = { size: 2 ** 33 + 5, chunkSize: 2 ** 31, label: Buffer.from('bucket/key') }
const chunks = Array.from({ length: 5 }, (_, index) => ({
  place: { segment: 7 + index, offset: 0x80000000 + 8 * index },
  storedSize: 1000 + index,
}))

describe('recipe', () => {
  it('survives a round trip', () => {
    const recipe = decodeRecipe(encodeRecipe(blob, chunks))
    if (typeof recipe === 'string') throw new Error(recipe)
    expect(recipe).toMatchObject({ ...blob, chunkCount: 5 })
    expect(chunks.map((_, index) => recipeChunk(recipe, index))).toEqual(chunks)
    expect(() => recipeChunk(recipe, 5)).toThrow(RangeError)
    expect(() => recipeChunk(recipe, -1)).toThrow(RangeError)
  })

  it('keeps its bytes on disk for ever', () => {
    const bytes = encodeRecipe(
      { size: 65, chunkSize: 64, label: Buffer.from('ab') },
      chunks.slice(0, 2),
    )
    expect(bytes.toString('hex')).toBe(
      '4100000000000000' +
        '40000000' +
        '02000000' +
        '0200' +
        '000000000000' +
        '6162' +
        '0700000000000080e8030000' +
        '0800000008000080e9030000',
    )
  })

  it('refuses sizes that do not add up', () => {
    const change = (offset: number, value: number) => {
      const bytes = encodeRecipe(blob, chunks)
      bytes[offset] = value
      return decodeRecipe(bytes)
    }
    expect(change(0, 0)).toBe('recipe chunk count')
    expect(change(4, 9)).toBe('recipe chunk count')
    expect(change(11, 0)).toBe('recipe chunk count')
    expect(change(12, 4)).toBe('recipe size')
    expect(change(16, 9)).toBe('recipe size')
    expect(change(20, 1)).toBe('recipe reserved bytes')
    expect(decodeRecipe(Buffer.alloc(23))).toBe('recipe is cut short')
    expect(decodeRecipe(encodeRecipe(blob, chunks.slice(1)))).toBe('recipe chunk count')
  })
})
