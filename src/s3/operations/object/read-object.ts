import type { Principal } from '../../../identity/identity.ts'
import { StoreError } from '../../../store/errors.ts'
import type {
  GetObjectInput,
  ObjectHead,
  ObjectReader,
  ReadConditions,
} from '../../../store/object-store.ts'
import { requireReadable } from '../../auth/everybody.ts'
import type { ObjectHeadersOptions } from '../../object-headers.ts'
import type { DecodeRequest } from '../../operation.ts'
import { refuseCustomerKey } from '../../refused-headers.ts'
import type { RequestHeaders } from '../../request.ts'
import { requireObject } from '../../resource-names.ts'
import { versionParameter } from '../../version-id.ts'
import { wantsChecksum } from '../../wire/checksum-headers.ts'
import { parseReadConditions } from '../../wire/conditions.ts'
import { parseEtag } from '../../wire/etag.ts'
import { parseHttpDate } from '../../wire/http-date.ts'
import { parsePartNumber } from '../../wire/integer-parameter.ts'
import { parseRange } from '../../wire/range.ts'
import { parseResponseOverrides } from '../../wire/response-overrides.ts'

type ReadQuery = Omit<GetObjectInput, 'signal'>

/** What GetObject and HeadObject read from a request. */
export interface ReadInput {
  readonly query: ReadQuery
  /** What to read when `query` meets another object than If-Range names: the whole of it. */
  readonly otherwise: ReadQuery | null
  readonly headers: ObjectHeadersOptions
}

export function decodeRead(request: DecodeRequest): ReadInput {
  const { headers, query } = request
  const partNumber = parsePartNumber(query)
  const version = versionParameter(query)
  refuseCustomerKey(headers)
  const whole = {
    conditions: parseReadConditions(headers),
    ...requireObject(request),
    ...(partNumber !== null && { partNumber }),
    ...(version !== undefined && { version }),
  }
  return {
    headers: {
      withChecksum: wantsChecksum(headers),
      isPart: partNumber !== null,
      overrides: parseResponseOverrides(query),
    },
    ...withRange(whole, headers),
  }
}

/** Reads as `input` says, for `principal`; twice when If-Range meets another object. */
export async function readObject<Found extends ObjectHead>(
  principal: Principal,
  input: ReadInput,
  read: (query: ReadQuery) => Promise<Found>,
): Promise<Found> {
  const found = await readEither(input, read)
  if (principal.kind === 'anonymous') await keepToItself(found)
  return found
}

/** The ACL was asked before; what it let through may have been replaced since. */
async function keepToItself(found: ObjectHead | ObjectReader): Promise<void> {
  try {
    requireReadable(found)
  } catch (error) {
    if ('body' in found) await found.body[Symbol.asyncIterator]().return?.()
    throw error
  }
}

async function readEither<Found>(
  input: ReadInput,
  read: (query: ReadQuery) => Promise<Found>,
): Promise<Found> {
  if (input.otherwise === null) return read(input.query)
  try {
    return await read(input.query)
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'precondition-failed') {
      return read(input.otherwise)
    }
    throw error
  }
}

/** Range, unless If-Range forbids it: RFC 9110 §13.1.5. */
function withRange(
  whole: ReadQuery,
  headers: RequestHeaders,
): Pick<ReadInput, 'query' | 'otherwise'> {
  const range = parseRange(headers.get('range'))
  if (range === null) return { query: whole, otherwise: null }
  const ifRange = headers.get('if-range')
  if (ifRange === null) return { query: { range, ...whole }, otherwise: null }
  const condition = sameObject(ifRange)
  const { ifMatch, ifUnmodifiedSince } = whole.conditions
  // The whole is always right: no cleverness where several conditions meet.
  const isPlain = ifMatch === undefined && ifUnmodifiedSince === undefined
  if (condition === null || !isPlain) return { query: whole, otherwise: null }
  const conditions = { ...whole.conditions, ...condition }
  return { query: { ...whole, range, conditions }, otherwise: whole }
}

/** Null for a weak tag, which can never promise equal bytes. */
function sameObject(ifRange: string): ReadConditions | null {
  const time = parseHttpDate(ifRange)
  if (time !== null) return { ifUnmodifiedSince: time }
  return ifRange.startsWith('W/') ? null : { ifMatch: [parseEtag(ifRange)] }
}
