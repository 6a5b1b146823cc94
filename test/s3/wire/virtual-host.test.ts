import { describe, expect, it } from 'vitest'
import { resolveResource } from '../../../src/s3/wire/virtual-host.ts'

function resolve(host: string | null, rawPath: string, domains: readonly string[] = []) {
  const { bucket, key } = resolveResource({ host, rawPath, domains })
  return [bucket, key]
}

describe('the bucket and key of a request', () => {
  it.each([
    ['/', null, null],
    ['/bucket', 'bucket', null],
    ['/bucket/', 'bucket', null],
    ['/bucket/key', 'bucket', 'key'],
    ['/bucket/a/b/', 'bucket', 'a/b/'],
    ['/bucket//', 'bucket', '/'],
    ['/bucket//a', 'bucket', '/a'],
    ['//key', '', 'key'],
    ['/bucket/../other', 'bucket', '../other'],
    ['/bucket/./a', 'bucket', './a'],
    ['/bucket/a%2Fb', 'bucket', 'a/b'],
    ['/bucket%2Fa', 'bucket', 'a'],
    ['/%2e%2e/a', '..', 'a'],
    ['/bucket/%252e', 'bucket', '%2e'],
    ['/bucket/a+b%20c', 'bucket', 'a+b c'],
    ['/bucket/a?b', 'bucket', 'a?b'],
  ])('%s is %j and %j', (rawPath, bucket, key) => {
    expect(resolve('127.0.0.1:9000', rawPath)).toEqual([bucket, key])
  })

  it('is the same for every spelling of a path, for whoever asks', () => {
    const spellings = [
      '/b/a/../c',
      '/b%2fa/../c',
      '/b/a/%2e%2e/c',
      '/b/a%2F..%2Fc',
      '/%62/%61/../c',
    ]
    for (const rawPath of spellings) expect(resolve(null, rawPath)).toEqual(['b', 'a/../c'])
  })

  it.each(['', '*', 'bucket/key', '/%zz', '/b/%C0%AF'])('%j is no path', (rawPath) => {
    expect(() => resolve(null, rawPath)).toThrow(expect.objectContaining({ code: 'InvalidURI' }))
  })
})

describe('under a domain', () => {
  const domains = ['s3.example.org', 'localhost:9000', 'eu.s3.example.org']

  it.each([
    ['photos.s3.example.org', 'photos'],
    ['photos.s3.example.org:9000', 'photos'],
    ['PHOTOS.S3.Example.ORG', 'photos'],
    ['photos.s3.example.org.', 'photos'],
    ['my.photos.s3.example.org', 'my.photos'],
    ['photos.localhost', 'photos'],
    ['photos.localhost:80', 'photos'],
    ['photos.eu.s3.example.org', 'photos'],
  ])('the host %s names the bucket', (host, bucket) => {
    expect(resolve(host, '/a/b', domains)).toEqual([bucket, 'a/b'])
    expect(resolve(host, '/', domains)).toEqual([bucket, null])
    expect(resolve(host, '//', domains)).toEqual([bucket, '/'])
  })

  it.each([
    's3.example.org',
    's3.example.org:9000',
    'eu.s3.example.org',
    'localhost',
    'other.example.org',
    'photoss3.example.org',
    '127.0.0.1:9000',
    '[::1]:9000',
    '[::1]',
    '',
    null,
  ])('the host %s leaves it to the path', (host) => {
    expect(resolve(host, '/bucket/key', domains)).toEqual(['bucket', 'key'])
  })
})
