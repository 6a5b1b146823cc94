import { describe, expect, it } from 'vitest'
import { parseStorageClass, storageClasses } from '../../src/model/storage-class.ts'

describe('a storage class', () => {
  it.each(storageClasses)('may be %s', (name) => {
    expect(parseStorageClass(name)).toBe(name)
  })

  it.each(['', 'standard', 'STANDARD ', 'OUTPOSTS', 'EXPRESS_ONEZONE', 'toString', '__proto__'])(
    'may not be %j',
    (name) => {
      expect(parseStorageClass(name)).toBeNull()
    },
  )
})
