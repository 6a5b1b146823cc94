import { describe, expect, it } from 'vitest'
import { S3Error } from '../../../src/s3/errors.ts'
import { owner } from '../../../src/s3/owner.ts'
import { parseAclHeaders } from '../../../src/s3/wire/acl-headers.ts'
import { parseHeaders } from '../../../src/s3/wire/headers.ts'

const ALL = 'http://acs.amazonaws.com/groups/global/AllUsers'
const parse = (headers: Readonly<Record<string, string>>) =>
  parseAclHeaders(parseHeaders(Object.entries(headers).flat()))

function refused(headers: Readonly<Record<string, string>>): string {
  try {
    return String(parse(headers))
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
}

describe('ACL headers', () => {
  it('are none unless there are some', () => {
    expect(parse({})).toBeNull()
    expect(parse({ 'x-amz-acl': '' })).toBeNull()
  })

  it('name a canned ACL, by what it says where there is one owner', () => {
    expect(parse({ 'x-amz-acl': 'public-read' })).toBe('public-read')
    expect(parse({ 'x-amz-acl': 'bucket-owner-read' })).toBe('private')
    expect(parse({ 'x-amz-acl': 'bucket-owner-full-control' })).toBe('private')
  })

  it('grant, with quotes and without, in any order', () => {
    const full = { 'x-amz-grant-full-control': `id=${owner.id}` }
    expect(parse(full)).toBe('private')
    expect(parse({ ...full, 'x-amz-grant-read': ` uri = "${ALL}" ` })).toBe('public-read')
    const both = { 'x-amz-grant-read': `uri="${ALL}"`, 'x-amz-grant-write': `uri="${ALL}"` }
    expect(parse({ ...both, ...full })).toBe('public-read-write')
    const twice = `id="${owner.id}", id="${owner.id}"`
    expect(parse({ 'x-amz-grant-full-control': twice })).toBe('private')
  })

  it.each([
    ['everybody', 'InvalidArgument'],
    ['id', 'InvalidArgument'],
    ['id=""', 'InvalidArgument'],
    ['name="x"', 'InvalidArgument'],
    ['="x"', 'InvalidArgument'],
    [`id="${owner.id}`, 'InvalidArgument'],
    ['emailAddress="a@b.c"', 'UnresolvableGrantByEmailAddress'],
    [`uri="${ALL}"`, 'AccessControlListNotSupported'],
  ])('are refused for a grant to %s', (value, code) => {
    expect(refused({ 'x-amz-grant-full-control': value })).toBe(code)
  })

  it('take no long look at a long grant', () => {
    const started = performance.now()
    const value = `id=${' '.repeat(30_000)}"x`
    expect(refused({ 'x-amz-grant-read': value })).toBe('InvalidArgument')
    expect(performance.now() - started).toBeLessThan(200)
  })
})
