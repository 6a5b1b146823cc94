/**
 * Version ids: eight bytes that number the versions of a key, big-endian, and eight of chance. The
 * number is greater than that of the version it follows and than the sequence of every commit that
 * was durable when it was chosen, and at most the sequence of its own commit. So ids sort by age,
 * none comes again for a key, and chance keeps those apart that a restored backup gives out anew.
 */
import { NULL_VERSION_ID, type VersionId } from '../model/version-id.ts'
import type { Random } from '../platform/random.ts'
import { type StoredVersion, VERSION_ID_SIZE } from './rows/version-field.ts'

const NUMBER_SIZE = 8

export interface VersionIdInput {
  /** Of the newest version of the key; null when it has none. */
  readonly newest: Buffer | null
  /** Of the last durable commit. */
  readonly sequence: number
  /** The null version needs a place among the others, and no chance: nobody asks for it by id. */
  readonly isNull: boolean
  readonly random: Random
}

export function makeVersion({ newest, sequence, isNull, random }: VersionIdInput): StoredVersion {
  const number = Math.max(newest === null ? 0 : numberOf(newest), sequence) + 1
  const id = Buffer.alloc(VERSION_ID_SIZE)
  id.writeUInt32BE(Math.floor(number / 2 ** 32), 0)
  id.writeUInt32BE(number % 2 ** 32, 4)
  if (!isNull) random.bytes(VERSION_ID_SIZE - NUMBER_SIZE).copy(id, NUMBER_SIZE)
  return { id, isNull }
}

/** As clients say it. */
export function versionIdText({ id, isNull }: StoredVersion): VersionId {
  return isNull ? NULL_VERSION_ID : (id.toString('hex') as VersionId)
}

function numberOf(id: Buffer): number {
  return id.readUInt32BE(0) * 2 ** 32 + id.readUInt32BE(4)
}
