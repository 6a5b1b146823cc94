import { describe, expect, it } from 'vitest'
import {
  readAttributes,
  type StoredAttributes,
  writeAttributes,
} from '../../../src/store/rows/attributes-field.ts'
import { RowReader, RowWriter } from '../../../src/store/rows/row-bytes.ts'
import { attributes, bytes } from './samples.ts'

function written(value: StoredAttributes): string {
  const writer = new RowWriter()
  writeAttributes(writer, value)
  return writer.finish().toString('hex')
}

function read(hex: string): StoredAttributes {
  const reader = new RowReader('test', bytes(hex))
  const value = readAttributes(reader, 'test')
  reader.end()
  return value
}

const BARE = '21 0a00 746578742f706c61696e 0100 30 0100 0100 6b 0200 c3bc 01 0100 74 0000'
const WITH_ACL = `${BARE.replace('21', 'a1')} 02`

describe('the ACL of an object', () => {
  it('is a byte behind the rest, and nothing when it is private', () => {
    expect(written(attributes)).toBe(bytes(BARE).toString('hex'))
    expect(written({ ...attributes, acl: 'private' })).toBe(bytes(BARE).toString('hex'))
    const open = { ...attributes, acl: 'public-read' } as const
    expect(written(open)).toBe(bytes(WITH_ACL).toString('hex'))
    expect(read(WITH_ACL)).toEqual(open)
  })

  it('is not there in what was written before there were ACLs', () => {
    expect(read(BARE)).toEqual(attributes)
    expect('acl' in read(BARE)).toBe(false)
  })

  it.each(['00', '01', '05', 'ff'])('is refused when it is %s', (byte) => {
    expect(() => read(`${BARE.replace('21', 'a1')} ${byte}`)).toThrow('test row: ACL')
  })
})
