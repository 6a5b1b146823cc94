import type { GetObjectInput } from '../../../store/object-store.ts'
import type { ObjectHeadersOptions } from '../../object-headers.ts'
import type { DecodeRequest } from '../../operation.ts'
import { refuseCustomerKey } from '../../refused-headers.ts'
import { requireObject } from '../../resource-names.ts'
import { namesNullVersion } from '../../version-id.ts'
import { wantsChecksum } from '../../wire/checksum-headers.ts'
import { parseReadConditions } from '../../wire/conditions.ts'
import { parsePartNumber } from '../../wire/integer-parameter.ts'
import { parseRange } from '../../wire/range.ts'
import { parseResponseOverrides } from '../../wire/response-overrides.ts'

/** What GetObject and HeadObject read from a request. */
export interface ReadInput {
  readonly query: Omit<GetObjectInput, 'signal'>
  readonly headers: ObjectHeadersOptions
}

export function decodeRead(request: DecodeRequest): ReadInput {
  const { headers, query } = request
  const object = requireObject(request)
  const range = parseRange(headers.get('range'))
  const partNumber = parsePartNumber(query)
  namesNullVersion(query.get('versionId'))
  refuseCustomerKey(headers)
  return {
    query: {
      ...object,
      conditions: parseReadConditions(headers),
      ...(range !== null && { range }),
      ...(partNumber !== null && { partNumber }),
    },
    headers: {
      withChecksum: wantsChecksum(headers),
      isPart: partNumber !== null,
      overrides: parseResponseOverrides(query),
    },
  }
}
