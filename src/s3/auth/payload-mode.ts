import { S3Error } from '../errors.ts'

/** What x-amz-content-sha256 says about the body: how its bytes are proven. */
export type PayloadMode =
  /** Nothing is promised about the bytes by the signature. */
  | { readonly kind: 'unsigned' }
  /** SHA-256 of the whole body, in lower-case hex. */
  | { readonly kind: 'sha256'; readonly digest: string }
  /** aws-chunked, each chunk signed; with `hasTrailer` a signed trailer follows. */
  | { readonly kind: 'signed-chunks'; readonly hasTrailer: boolean }
  /** aws-chunked, chunks unsigned, a trailer with a checksum follows. */
  | { readonly kind: 'unsigned-chunks' }

/**
 * AWS API Reference, "Signature Calculations for the Authorization Header", x-amz-content-sha256.
 *
 * @throws S3Error `InvalidArgument` for an unknown value, `InvalidRequest` for Signature Version 4A
 */
export function parsePayloadMode(value: string): PayloadMode {
  switch (value) {
    case UNSIGNED_PAYLOAD:
      return { kind: 'unsigned' }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'signed-chunks', hasTrailer: false }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'signed-chunks', hasTrailer: true }
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'unsigned-chunks' }
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER':
      throw new S3Error(
        'InvalidRequest',
        {},
        { message: 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.' },
      )
    default:
      if (SHA256_HEX.test(value)) return { kind: 'sha256', digest: value.toLowerCase() }
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
        {
          message:
            'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, ' +
            'STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or ' +
            'a valid sha256 value.',
        },
      )
  }
}

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

const SHA256_HEX = /^[0-9a-f]{64}$/i
