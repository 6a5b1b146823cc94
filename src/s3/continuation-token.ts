import { crc32 } from 'node:zlib'
import { S3Error } from './errors.ts'

const VERSION = 1
const HEAD_SIZE = 5

/**
 * Where the next page of a list starts, in a form that clients only hand back: a version, a CRC
 * that tells a token from garbage, and the last name listed.
 */
export function encodeToken(last: string): string {
  const name = Buffer.from(last)
  const token = Buffer.allocUnsafe(HEAD_SIZE + name.length)
  token.writeUInt8(VERSION, 0)
  token.writeUInt32LE(crc32(name), 1)
  name.copy(token, HEAD_SIZE)
  return token.toString('base64url')
}

/** @throws S3Error `InvalidArgument` for anything `encodeToken` did not make */
export function decodeToken(text: string): string {
  const token = Buffer.from(text, 'base64url')
  const isIntact =
    token.length >= HEAD_SIZE &&
    token.toString('base64url') === text &&
    token.readUInt8(0) === VERSION &&
    token.readUInt32LE(1) === crc32(token.subarray(HEAD_SIZE))
  if (isIntact) return token.toString('utf8', HEAD_SIZE)
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'continuation-token', ArgumentValue: text },
    { message: 'The continuation token provided is incorrect' },
  )
}
