import { describe, expect, it } from 'vitest'
import { parseBucketName } from '../../src/model/bucket-name.ts'

describe('a bucket name', () => {
  it.each(['abc', 'a-b', 'a.b', '0ab', 'my.pots-2', '1.2.3', '192.168.5.123.4', 'a'.repeat(63)])(
    'may be %s',
    (name) => {
      expect(parseBucketName(name)).toBe(name)
    },
  )

  it.each([
    '',
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    'a b',
    'ä-pot',
    'abc\n',
    'a/b',
    '-ab',
    'ab-',
    '.ab',
    'ab.',
    'a..b',
    'a.-b',
    'a-.b',
    '192.168.5.123',
    'xn--pot',
    'sthree-pot',
    'amzn-s3-demo-pot',
    'pot-s3alias',
    'pot--ol-s3',
    'pot.mrap',
    'pot--x-s3',
    'pot--table-s3',
  ])('may not be %j', (name) => {
    expect(parseBucketName(name)).toBeNull()
  })
})
