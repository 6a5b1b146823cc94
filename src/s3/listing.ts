import type { BucketName } from '../model/bucket-name.ts'
import { S3Error } from './errors.ts'
import type { DecodeRequest } from './operation.ts'
import { requireBucket } from './resource-names.ts'
import { parseLimit } from './wire/integer-parameter.ts'
import { encodePath } from './wire/percent.ts'

/** What every listing of keys asks for. */
export interface ListingQuery {
  readonly bucket: BucketName
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  /** `url` when keys are to be percent-encoded; null: as they are. */
  readonly encodingType: 'url' | null
}

export function decodeListing(request: DecodeRequest, limitName: string): ListingQuery {
  const { query } = request
  return {
    bucket: requireBucket(request.bucket),
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: parseLimit(query, limitName),
    encodingType: parseEncodingType(query.get('encoding-type')),
  }
}

/** How keys are written into a listing. */
export type KeyEncoder = (key: string) => string

export function keyEncoder({ encodingType }: Pick<ListingQuery, 'encodingType'>): KeyEncoder {
  return encodingType === 'url' ? encodePath : (key) => key
}

/** @throws S3Error `InvalidArgument` for anything but `url` */
export function parseEncodingType(text: string | null): 'url' | null {
  if (text === null || text === '') return null
  if (text.toLowerCase() === 'url') return 'url'
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'encoding-type', ArgumentValue: text },
    { message: 'Invalid Encoding Method specified in Request' },
  )
}
