import { describe, expect, it } from 'vitest'
import { choice, formatSize, integer, list, size, text } from '../../src/config/kind.ts'

describe('a whole number', () => {
  const kind = integer({ min: 1, max: 100 })

  it.each([
    ['1', 1],
    ['100', 100],
    [42, 42],
  ])('takes %j', (input, value) => {
    expect(kind.parse(input)).toBe(value)
  })

  it.each(['0', '101', '-1', '1.5', '1e1', '0x10', ' 1', '', 1.5, null, true, Number.NaN])(
    'refuses %j',
    (input) => {
      expect(kind.parse(input)).toBeUndefined()
    },
  )
})

describe('a size', () => {
  const kind = size({ min: 0, max: 1024 ** 3 })

  it.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['64KiB', 65_536],
    ['1 MiB', 1_048_576],
    ['1GiB', 1_073_741_824],
    [4096, 4096],
  ])('reads %j', (input, value) => {
    expect(kind.parse(input)).toBe(value)
  })

  it.each(['64kb', '64KB', '1.5MiB', '2GiB', '-1', 'MiB', '1  MiB', -1, 0.5, []])(
    'refuses %j',
    (input) => {
      expect(kind.parse(input)).toBeUndefined()
    },
  )

  it.each([0, 1, 1000, 1024, 65_536, 1_048_576, 1_048_577, 3 * 1024 ** 3])(
    'writes %d as it can be read again',
    (bytes) => {
      expect(size({ min: 0, max: 2 ** 50 }).parse(formatSize(bytes))).toBe(bytes)
    },
  )
})

describe('a list', () => {
  const kind = list(choice(['red', 'green']), 'colours')

  it('takes text between commas, or an array, without repetitions', () => {
    expect(kind.parse(' red, green,red,')).toEqual(['red', 'green'])
    expect(kind.parse(['green'])).toEqual(['green'])
    expect(kind.parse('')).toEqual([])
  })

  it('is refused whole for one wrong item', () => {
    expect(kind.parse('red,blue')).toBeUndefined()
    expect(kind.parse(['red', 1])).toBeUndefined()
    expect(kind.parse(7)).toBeUndefined()
  })
})

describe('text', () => {
  it('must match all of its pattern', () => {
    const kind = text('letters', /^[a-z]+$/)
    expect(kind.parse('abc')).toBe('abc')
    expect(kind.parse('abc\n')).toBeUndefined()
    expect(kind.parse(12)).toBeUndefined()
  })
})
