import { describe, expect, it } from 'vitest'
import type { Identity } from '../../src/identity/identity.ts'

export interface IdentitySubject {
  readonly identity: Identity
  /** Access keys that exist; at least one. */
  readonly accessKeys: readonly string[]
}

/** What every identity keeps to, whoever holds its keys. */
export function identityContract(name: string, open: () => Promise<IdentitySubject>): void {
  describe(`${name} as an Identity`, () => {
    it('finds each key with its own name, a secret and a principal', async () => {
      const { identity, accessKeys } = await open()
      expect(accessKeys.length).toBeGreaterThan(0)
      for (const accessKey of accessKeys) {
        const credential = identity.find(accessKey)
        expect(credential?.accessKey).toBe(accessKey)
        expect(credential?.secretKey.length).toBeGreaterThanOrEqual(8)
        expect(credential?.principal.kind).not.toBe('anonymous')
      }
    })

    it('finds the same object again, which signing keys are remembered by', async () => {
      const { identity, accessKeys } = await open()
      for (const accessKey of accessKeys) {
        expect(identity.find(accessKey)).toBe(identity.find(accessKey))
      }
    })

    it('finds nothing for what is not exactly a key', async () => {
      const { identity, accessKeys } = await open()
      const wrong = accessKeys.flatMap((key) => [
        key.slice(1),
        key.slice(0, -1),
        `${key} `,
        ` ${key}`,
        `${key}\0`,
        `${key}${key}`,
      ])
      for (const accessKey of ['', '*', '__proto__', 'constructor', 'minioadmin', ...wrong]) {
        expect(identity.find(accessKey)).toBeNull()
      }
    })
  })
}
