import { describe, expect, it } from 'vitest'
import { parseCopySource } from '../../../src/s3/wire/copy-source.ts'

describe('x-amz-copy-source', () => {
  it.each([
    ['bucket/key', 'bucket', 'key', null],
    ['/bucket/key', 'bucket', 'key', null],
    ['bucket/a/b%20c%2Bd', 'bucket', 'a/b c+d', null],
    ['bucket%2Fa%2Fb', 'bucket', 'a/b', null],
    ['%2Fbucket%2Fkey', 'bucket', 'key', null],
    ['bucket/%2541', 'bucket', '%41', null],
    ['bucket//key', 'bucket', '/key', null],
    ['bucket/../other/key', 'bucket', '../other/key', null],
    ['bucket/key?versionId=null', 'bucket', 'key', 'null'],
    ['bucket/key%3FversionId=1?versionId=2', 'bucket', 'key?versionId=1', '2'],
    ['bucket/k?ey', 'bucket', 'k?ey', null],
    [Buffer.from('bucket/ü').toString('latin1'), 'bucket', 'ü', null],
  ])('%s', (value, bucket, key, versionId) => {
    expect(parseCopySource(value)).toEqual({ bucket, key, versionId })
  })

  it.each([
    '',
    '/',
    'bucket',
    'bucket/',
    '/bucket/',
    '//key',
    'bucket/%zz',
    'bucket/%FF',
    'arn:aws',
  ])('refuses %j', (value) => {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => parseCopySource(value)).toThrow(refused)
  })
})
