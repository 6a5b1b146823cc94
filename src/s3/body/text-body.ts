import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import type { ObjectBody } from '../../store/object-store.ts'
import type { VerifiedRequest } from '../auth/verify.ts'
import { S3Error } from '../errors.ts'
import type { S3Request } from '../request.ts'
import { optionalBody } from './object-body.ts'
import { textChecksum } from './text-digest.ts'

/**
 * The whole body of a request that carries a document, as text, after everything that proves it
 * held: signature or digest, Content-MD5, checksum. '' when there is no body.
 *
 * @param sizeMax in bytes; more is refused before it is read, or as soon as it is seen
 * @throws S3Error `MaxMessageLengthExceeded`, `BadDigest`, `MalformedXML` when it is not UTF-8, and
 *   all that `objectBody` and its stream throw, but no body at all is no error
 */
export async function textBody(
  request: S3Request,
  verified: VerifiedRequest,
  sizeMax: number,
): Promise<string> {
  const body = optionalBody(request, verified)
  const bytes = await collect(body, sizeMax)
  requireDigests(body, bytes)
  if (!isUtf8(bytes)) throw new S3Error('MalformedXML')
  return bytes.toString()
}

async function collect(body: ObjectBody, sizeMax: number): Promise<Buffer> {
  if (body.size !== null && body.size > sizeMax) throw tooLong(sizeMax)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body.stream) {
    size += piece.length
    if (size > sizeMax) throw tooLong(sizeMax)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

function requireDigests({ contentMd5, checksum }: ObjectBody, bytes: Buffer): void {
  if (contentMd5 !== null && !hash('md5', bytes, 'buffer').equals(contentMd5)) {
    throw new S3Error('BadDigest')
  }
  const expected = checksum?.expected() ?? null
  if (checksum === null || expected === null) return
  if (textChecksum(checksum.algorithm, bytes) !== expected) {
    throw new S3Error(
      'BadDigest',
      {},
      { message: `The ${checksum.algorithm} you specified did not match the calculated checksum.` },
    )
  }
}

function tooLong(sizeMax: number): S3Error {
  return new S3Error(
    'MaxMessageLengthExceeded',
    { MaxMessageLengthBytes: String(sizeMax) },
    { close: true },
  )
}
