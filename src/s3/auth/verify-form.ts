/**
 * Who signed a form upload. The signature covers the policy alone, so that everything else of the
 * form counts only as far as the policy allows it.
 * Source: AWS API Reference, "Authenticating Requests in Browser-Based Uploads Using POST".
 */
import type { Identity, Principal } from '../../identity/identity.ts'
import { S3Error } from '../errors.ts'
import { parseAmzDate } from './amz-date.ts'
import { parseCredential, requireRegion } from './credential-scope.ts'
import { version2 } from './parse-authorization.ts'
import { ALGORITHM, isSameSignature, sign, signingKey } from './signature-v4.ts'
import { NOBODY } from './verify.ts'

export interface VerifyFormOptions {
  readonly identity: Identity
  readonly region: string
}

/**
 * The policy is the caller's to keep to: `requirePostPolicy`. A form that carries any part of a
 * signature is never taken for one without.
 *
 * @param fields by lower-case name
 * @throws S3Error `InvalidArgument` for what is missing or broken, `InvalidRequest` for Signature
 *   Version 2, `InvalidAccessKeyId`, `SignatureDoesNotMatch`
 */
export function verifyForm(
  fields: ReadonlyMap<string, string>,
  { identity, region }: VerifyFormOptions,
): Principal {
  if (VERSION_2.some((name) => fields.has(name))) throw version2()
  if (!SIGNATURE.some((name) => fields.has(name))) return { kind: 'anonymous' }
  const [policy, algorithm, credentialText, date, signature] = SIGNATURE.map((name) =>
    requireField(fields, name),
  ) as [string, string, string, string, string]
  if (algorithm !== ALGORITHM) throw invalid('x-amz-algorithm', algorithm)
  const { accessKey, scope } = parseCredential(credentialText, 'query')
  if (parseAmzDate(date) === null || !date.startsWith(scope.date)) throw invalid('x-amz-date', date)
  requireRegion(scope, 'query', region)

  const credential = identity.find(accessKey)
  // An unknown key goes the same way, at the same cost, to its own refusal.
  const key = signingKey(credential ?? NOBODY, scope)
  // Its bytes: two texts that differ in them must never have one signature.
  const isSame = isSameSignature(sign(key, Buffer.from(policy).toString('latin1')), signature)
  if (credential === null) throw new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: accessKey })
  if (!isSame) {
    throw new S3Error('SignatureDoesNotMatch', {
      AWSAccessKeyId: accessKey,
      StringToSign: policy,
      SignatureProvided: signature,
    })
  }
  // Permanent keys, the only ones there are, come without a token.
  if ((fields.get('x-amz-security-token') ?? '') !== '') throw new S3Error('InvalidToken')
  return credential.principal
}

const VERSION_2 = ['awsaccesskeyid', 'signature'] as const
const SIGNATURE = [
  'policy',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-signature',
] as const

function requireField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name)
  if (value !== undefined && value !== '') return value
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: '' },
    {
      message:
        `Bucket POST must contain a field named '${name}'. ` +
        'If it is specified, please check the order of the fields.',
    },
  )
}

function invalid(name: string, value: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: value },
    { message: `The field '${name}' is not valid.` },
  )
}
