/**
 * The heat of all segments between two processes (docs/format.md#heat). Disposable: a file that
 * does not verify is as good as none, and then everything starts cold.
 */
import { crc32c } from '@node-rs/crc32'
import { readFile, writeFileAtomically } from '../../platform/atomic-file.ts'
import type { FileSystem } from '../../platform/file-system.ts'
import { Heat, type HeatOptions } from './heat.ts'

const MAGIC = Buffer.from('VARVEHOT', 'latin1')
const FORMAT_VERSION = 1
const FIXED_SIZE = 24
const ENTRY_SIZE = 8

/** Cooled by the time that has passed since it was saved. */
export async function loadHeat(
  fs: FileSystem,
  path: string,
  { now, ...options }: Partial<HeatOptions> & { readonly now: number },
): Promise<Heat> {
  const bytes = await readFile(fs, path).catch(() => null)
  const saved = bytes === null ? null : decodeHeat(bytes)
  const heat = new Heat(saved?.savedAt ?? now, options)
  if (saved !== null) heat.restore(saved.entries)
  heat.cool(now)
  return heat
}

/** Replaces the file; durable at resolve. */
export function saveHeat(fs: FileSystem, path: string, heat: Heat): Promise<void> {
  return writeFileAtomically(fs, path, encodeHeat(heat.entries, heat.cooledAt))
}

export function encodeHeat(entries: ReadonlyMap<number, number>, savedAt: number): Buffer {
  const size = FIXED_SIZE + entries.size * ENTRY_SIZE
  const bytes = Buffer.alloc(size + 4)
  bytes.set(MAGIC, 0)
  bytes.writeUInt16LE(FORMAT_VERSION, 8)
  bytes.writeUInt32LE(entries.size, 12)
  bytes.writeBigUInt64LE(BigInt(savedAt), 16)
  let at = FIXED_SIZE
  for (const [segment, heat] of entries) {
    bytes.writeUInt32LE(segment, at)
    bytes.writeFloatLE(heat, at + 4)
    at += ENTRY_SIZE
  }
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, size)), size)
  return bytes
}

/** Null for anything but a whole file of this format. */
export function decodeHeat(bytes: Buffer): {
  readonly savedAt: number
  readonly entries: readonly (readonly [segment: number, heat: number])[]
} | null {
  if (bytes.length < FIXED_SIZE + 4 || !bytes.subarray(0, 8).equals(MAGIC)) return null
  const count = bytes.readUInt32LE(12)
  const size = FIXED_SIZE + count * ENTRY_SIZE
  if (bytes.length !== size + 4 || bytes.readUInt16LE(8) !== FORMAT_VERSION) return null
  if (bytes.readUInt32LE(size) !== crc32c(bytes.subarray(0, size))) return null
  const entries: (readonly [number, number])[] = []
  for (let at = FIXED_SIZE; at < size; at += ENTRY_SIZE) {
    entries.push([bytes.readUInt32LE(at), bytes.readFloatLE(at + 4)])
  }
  return { savedAt: Number(bytes.readBigUInt64LE(16)), entries }
}
