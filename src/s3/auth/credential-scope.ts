import { S3Error } from '../errors.ts'

/** For which day, place and service a signing key is made. */
export interface CredentialScope {
  /** YYYYMMDD. */
  readonly date: string
  readonly region: string
  /** As strings to sign carry it: `date/region/s3/aws4_request`. */
  readonly text: string
}

/** Where credentials stand: it decides the wording and the code of an error. */
export type AuthorizationMode = 'header' | 'query'

/**
 * Splits `access-key/date/region/s3/aws4_request`. Whether the region is the right one is another
 * question: `requireRegion`.
 *
 * @throws S3Error `AuthorizationHeaderMalformed` or `AuthorizationQueryParametersError`
 */
export function parseCredential(
  text: string,
  mode: AuthorizationMode,
): { readonly accessKey: string; readonly scope: CredentialScope } {
  // From the end: an access key may hold slashes itself.
  const terminatorAt = text.lastIndexOf('/')
  const serviceAt = text.lastIndexOf('/', terminatorAt - 1)
  const regionAt = text.lastIndexOf('/', serviceAt - 1)
  const dateAt = text.lastIndexOf('/', regionAt - 1)
  const accessKey = regionAt < 1 ? '' : text.slice(0, Math.max(dateAt, 0))
  const date = text.slice(dateAt + 1, regionAt)
  const region = text.slice(regionAt + 1, serviceAt)
  const service = text.slice(serviceAt + 1, terminatorAt)
  const terminator = text.slice(terminatorAt + 1)
  if (accessKey === '') {
    throw malformed(
      mode,
      'the Credential is mal-formed; expecting ' +
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    )
  }
  if (!DATE.test(date)) {
    throw malformed(
      mode,
      `incorrect date format "${date}". This date in the credential must be in the format ` +
        '"yyyyMMdd".',
    )
  }
  if (service !== SERVICE) {
    throw malformed(mode, `incorrect service "${service}". This endpoint belongs to "${SERVICE}".`)
  }
  if (terminator !== TERMINATOR) {
    throw malformed(mode, `incorrect terminal "${terminator}". This endpoint uses "${TERMINATOR}".`)
  }
  return { accessKey, scope: { date, region, text: text.slice(dateAt + 1) } }
}

/**
 * @throws S3Error as `parseCredential`, with the right region in `Region`: clients such as s3cmd
 *   and minio-go read it there and try again
 */
export function requireRegion(
  scope: CredentialScope,
  mode: AuthorizationMode,
  region: string,
): void {
  if (scope.region === region) return
  // What s3cmd calls us-east-1 when nobody configured a region.
  if (scope.region === 'US' && region === 'us-east-1') return
  throw malformed(mode, `the region '${scope.region}' is wrong; expecting '${region}'`, {
    Region: region,
  })
}

/** The error for credentials that cannot be read, in AWS's words. */
export function malformed(
  mode: AuthorizationMode,
  message: string,
  detail: Record<string, string> = {},
): S3Error {
  return mode === 'header'
    ? new S3Error('AuthorizationHeaderMalformed', detail, {
        message: `The authorization header is malformed; ${message}`,
      })
    : new S3Error('AuthorizationQueryParametersError', detail, {
        message: `Error parsing the X-Amz-Credential parameter; ${message}`,
      })
}

const SERVICE = 's3'
const TERMINATOR = 'aws4_request'
const DATE = /^\d{8}$/
