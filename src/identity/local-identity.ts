import { join } from 'node:path'
import { readFile, writeFileAtomically } from '../platform/atomic-file.ts'
import type { FileSystem } from '../platform/file-system.ts'
import type { Random } from '../platform/random.ts'
import { IdentityError } from './errors.ts'
import type { Credential, Identity } from './identity.ts'

export interface LocalIdentityOptions {
  readonly fileSystem: FileSystem
  readonly random: Random
  /** The data directory, which exists. */
  readonly directory: string
  /** From the configuration, or null: then the stored pair counts, or a new one is made. */
  readonly configured: KeyPair | null
}

export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

/** Below these lengths a configured pair is a mistake, not a credential. */
export const ACCESS_KEY_LENGTH_MIN = 3
export const SECRET_KEY_LENGTH_MIN = 8

/** The root credential of one data directory. */
export class LocalIdentity implements Identity {
  readonly root: Credential
  /** True when the pair was made just now: nobody has seen the secret yet. */
  readonly isNew: boolean

  private constructor(pair: KeyPair, isNew: boolean) {
    const { accessKey, secretKey } = pair
    this.root = { accessKey, secretKey, principal: { kind: 'root', accessKey } }
    this.isNew = isNew
  }

  /**
   * Takes the configured pair, or reads `credentials.json`, or makes it, durable at resolve.
   *
   * @throws IdentityError `weak-credential` when a configured key is too short or unusable,
   *   `unreadable` when the file is damaged
   */
  static async open(options: LocalIdentityOptions): Promise<LocalIdentity> {
    const { fileSystem, random, configured } = options
    if (configured !== null) return new LocalIdentity(checkPair(configured), false)

    const path = join(options.directory, FILE_NAME)
    const bytes = await readFile(fileSystem, path)
    if (bytes !== null) return new LocalIdentity(decodePair(bytes, path), false)

    const pair = {
      accessKey: randomText(random, ACCESS_KEY_ALPHABET, ACCESS_KEY_LENGTH),
      secretKey: randomText(random, SECRET_KEY_ALPHABET, SECRET_KEY_LENGTH),
    }
    await writeFileAtomically(fileSystem, path, Buffer.from(`${JSON.stringify(pair, null, 2)}\n`))
    return new LocalIdentity(pair, true)
  }

  find(accessKey: string): Credential | null {
    return accessKey === this.root.accessKey ? this.root : null
  }
}

const FILE_NAME = 'credentials.json'

/** The lengths of AWS's keys, which some clients check. */
const ACCESS_KEY_LENGTH = 20
const SECRET_KEY_LENGTH = 40
const ACCESS_KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** No '/' and '+', which break on their way through shells, URLs and configuration files. */
const SECRET_KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** What can stand in a Credential of an Authorization header. */
const ACCESS_KEY = /^[!-~]+$/
const ACCESS_KEY_FORBIDDEN = /[,=]/

function checkPair(pair: KeyPair): KeyPair {
  if (pair.accessKey.length < ACCESS_KEY_LENGTH_MIN) {
    throw weak(`The root access key must have at least ${ACCESS_KEY_LENGTH_MIN} characters.`)
  }
  if (!ACCESS_KEY.test(pair.accessKey) || ACCESS_KEY_FORBIDDEN.test(pair.accessKey)) {
    throw weak("The root access key may hold visible ASCII characters only, and no ',' or '='.")
  }
  if (pair.secretKey.length < SECRET_KEY_LENGTH_MIN) {
    throw weak(`The root secret key must have at least ${SECRET_KEY_LENGTH_MIN} characters.`)
  }
  if (pair.secretKey.trim() !== pair.secretKey) {
    throw weak('The root secret key may not begin or end with white space.')
  }
  return pair
}

function decodePair(bytes: Buffer, path: string): KeyPair {
  const pair = parsePair(bytes)
  if (pair === null) {
    throw new IdentityError(
      'unreadable',
      `${path} does not hold an accessKey and a secretKey. Restore it, or configure the root ` +
        'keys, or remove it to have new ones made.',
    )
  }
  return checkPair(pair)
}

/** No `cause`: messages of JSON.parse quote the text, and that is a secret. */
function parsePair(bytes: Buffer): KeyPair | null {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  if (!('accessKey' in value) || !('secretKey' in value)) return null
  const { accessKey, secretKey } = value
  if (typeof accessKey !== 'string' || typeof secretKey !== 'string') return null
  return { accessKey, secretKey }
}

/** Every character equally likely: bytes that would favour the first ones are thrown away. */
function randomText(random: Random, alphabet: string, length: number): string {
  const fairMax = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < fairMax) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}

function weak(message: string): IdentityError {
  return new IdentityError('weak-credential', message)
}
