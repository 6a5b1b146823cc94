/**
 * `mirror.json`: what a directory of a mirror knows about itself and the others
 * (docs/format.md#mirrored-directories). A directory without one is no part of a mirror.
 */
import { crc32c } from '@node-rs/crc32'
import { readFile, writeFileAtomically } from '../atomic-file.ts'
import type { FileSystem } from '../file-system.ts'

export const MIRROR_FILE = 'mirror.json'

export interface MirrorMember {
  /** UUID of the copy: a directory may be found at another path, or another one at its path. */
  readonly copy: string
  /** Where it was when this was written; for messages. */
  readonly directory: string
}

export interface MirrorRecord {
  readonly storeId: string
  /** Of the directory that holds this record. */
  readonly copy: string
  /** filling: still being filled from the others; nothing in it counts. */
  readonly state: 'complete' | 'filling'
  /** Grows whenever the members change. */
  readonly generation: number
  /** A random name for this generation, then those before it, newest first. */
  readonly epochs: readonly string[]
  /** The directories that have everything that was acknowledged since this generation began. */
  readonly members: readonly MirrorMember[]
}

const FORMAT = 1
/** A copy that is further behind than this is not known any more. */
export const EPOCHS_MAX = 1000

/** Null when there is none; 'damaged' when it does not verify. */
export async function readMirrorRecord(
  fs: FileSystem,
  directory: string,
): Promise<MirrorRecord | 'damaged' | null> {
  const bytes = await readFile(fs, `${directory}/${MIRROR_FILE}`)
  return bytes === null ? null : (decodeMirrorRecord(bytes) ?? 'damaged')
}

/** Durable at resolve. */
export function writeMirrorRecord(
  fs: FileSystem,
  directory: string,
  record: MirrorRecord,
): Promise<void> {
  return writeFileAtomically(fs, `${directory}/${MIRROR_FILE}`, encodeMirrorRecord(record))
}

export function encodeMirrorRecord(record: MirrorRecord): Buffer {
  const { storeId, copy, state, generation, epochs, members } = record
  const text = JSON.stringify({
    format: FORMAT,
    storeId,
    copy,
    state,
    generation,
    epochs,
    members: members.map(({ copy: id, directory }) => ({ copy: id, directory })),
  })
  return Buffer.from(`{"mirror":${text},"crc":"${crcOf(text)}"}\n`)
}

/** Null when it is not what was written. */
export function decodeMirrorRecord(bytes: Buffer): MirrorRecord | null {
  const match = /^\{"mirror":(\{.*\}),"crc":"([0-9a-f]{8})"\}\n$/s.exec(bytes.toString('utf8'))
  const [, text, crc] = match ?? []
  if (text === undefined || crc !== crcOf(text)) return null
  // What verifies was written by this code, or by a later version of it.
  const { format, ...record } = JSON.parse(text) as MirrorRecord & { readonly format: number }
  return format === FORMAT ? record : null
}

function crcOf(text: string): string {
  return crc32c(text).toString(16).padStart(8, '0')
}
