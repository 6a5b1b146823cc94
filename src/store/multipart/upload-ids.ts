/**
 * Upload ids: six bytes of time and ten of chance, as hex. So the uploads of a key list in the
 * order they began, as S3 lists them, and an id cannot be guessed.
 */
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { StoreError } from '../errors.ts'
import { UPLOAD_ID_SIZE } from '../rows/keys.ts'

const TIME_SIZE = 6
const SHAPE = /^[0-9a-f]{32}$/

export function makeUploadId(clock: Clock, random: Random): Buffer {
  const id = Buffer.alloc(UPLOAD_ID_SIZE)
  id.writeUIntBE(clock.now(), 0, TIME_SIZE)
  random.bytes(UPLOAD_ID_SIZE - TIME_SIZE).copy(id, TIME_SIZE)
  return id
}

/** @throws StoreError `no-such-upload` for anything that never was an id */
export function uploadIdBytes(uploadId: string): Buffer {
  const id = parseUploadId(uploadId)
  if (id === null) throw new StoreError('no-such-upload')
  return id
}

/** Null for anything that never was an id. */
export function parseUploadId(text: string): Buffer | null {
  return SHAPE.test(text) ? Buffer.from(text, 'hex') : null
}
