/** Which version of its key a row holds (docs/rows.md#version-ids). */
export const VERSION_ID_SIZE = 16

export interface StoredVersion {
  /** Places it among the versions of its key: later ones have greater ids. */
  readonly id: Buffer
  /** The version that clients call `null`, whatever its id. */
  readonly isNull: boolean
}

/** Of a row written while its bucket had never had versioning: older than any other. */
export const unversioned: StoredVersion = { id: Buffer.alloc(VERSION_ID_SIZE), isNull: true }
