import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Credential } from '../../identity/identity.ts'
import { type CredentialScope, scopeText } from './credential-scope.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** How far clocks may be apart. AWS API Reference, error RequestTimeTooSkewed. */
export const SKEW_MAX_MS = 15 * 60 * 1000

/** The text that is signed for a request. */
export function stringToSign(
  canonicalRequest: string,
  timestamp: string,
  scope: CredentialScope,
): string {
  const digest = sha256Hex(Buffer.from(canonicalRequest, 'latin1'))
  return `${ALGORITHM}\n${timestamp}\n${scopeText(scope)}\n${digest}`
}

/**
 * The key that signs for one credential and scope. Deriving it takes four HMACs, so the last few of
 * each credential are remembered: a scope lives a day, and presigned requests reach back seven.
 */
export function signingKey(credential: Credential, scope: CredentialScope): Buffer {
  let keys = derivedKeys.get(credential)
  if (keys === undefined) {
    keys = new Map()
    derivedKeys.set(credential, keys)
  }
  const name = scopeText(scope)
  const known = keys.get(name)
  if (known !== undefined) return known

  const key = deriveKey(credential.secretKey, name)
  if (keys.size >= KEYS_PER_CREDENTIAL_MAX) {
    const [oldest] = keys.keys()
    if (oldest !== undefined) keys.delete(oldest)
  }
  keys.set(name, key)
  return key
}

/** Hex signature of `text`, whose characters are bytes. */
export function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text, 'latin1').digest('hex')
}

/** Compares in time that does not depend on where the two differ. */
export function isSameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'latin1')
  const b = Buffer.from(given, 'latin1')
  return a.length === b.length && timingSafeEqual(a, b)
}

export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

const KEYS_PER_CREDENTIAL_MAX = 32

/** Goes away with the credential: a replaced secret cannot be served from here. */
const derivedKeys = new WeakMap<Credential, Map<string, Buffer>>()

function deriveKey(secretKey: string, scope: string): Buffer {
  let key: Buffer = Buffer.from(`AWS4${secretKey}`)
  for (const part of scope.split('/')) {
    key = createHmac('sha256', key).update(part, 'latin1').digest()
  }
  return key
}
