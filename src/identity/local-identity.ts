import type { FileSystem } from '../platform/file-system.ts'
import type { Random } from '../platform/random.ts'
import type { Credential, Identity } from './identity.ts'

export interface LocalIdentityOptions {
  readonly fileSystem: FileSystem
  readonly random: Random
  /** The data directory, which exists. */
  readonly directory: string
  /** From the configuration, or null: then the stored pair counts, or a new one is made. */
  readonly configured: { readonly accessKey: string; readonly secretKey: string } | null
}

/** The root credential of one data directory. */
export class LocalIdentity implements Identity {
  readonly root: Credential
  /** True when the pair was made just now: nobody has seen the secret yet. */
  readonly isNew: boolean

  private constructor(root: Credential, isNew: boolean) {
    this.root = root
    this.isNew = isNew
  }

  /**
   * Takes the configured pair, or reads `credentials.json`, or makes it, durable at resolve.
   *
   * @throws IdentityError `weak-credential` when access key or secret is too short (3 and 8
   *   characters), `unreadable` when the file is damaged
   */
  static async open(options: LocalIdentityOptions): Promise<LocalIdentity> {
    throw new Error(`not written yet: ${options.directory}`)
  }

  find(accessKey: string): Credential | null {
    return accessKey === this.root.accessKey ? this.root : null
  }
}
