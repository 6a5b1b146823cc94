import { expect, it } from 'vitest'
import {
  decodeMirrorRecord,
  encodeMirrorRecord,
  type MirrorRecord,
} from '../../../src/platform/mirror/mirror-record.ts'

const record: MirrorRecord = {
  storeId: '6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37',
  copy: '11111111-1111-4111-8111-111111111111',
  state: 'complete',
  generation: 2,
  epochs: ['22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333'],
  members: [{ copy: '11111111-1111-4111-8111-111111111111', directory: '/mnt/a/varve' }],
}

/** Kept for ever: what a version wrote, later ones read (docs/format.md#mirrored-directories). */
const golden =
  '{"mirror":{"format":1,"storeId":"6f1d8a52-3c0e-4a7b-9d25-0c4e6b8f1a37",' +
  '"copy":"11111111-1111-4111-8111-111111111111","state":"complete","generation":2,' +
  '"epochs":["22222222-2222-4222-8222-222222222222","33333333-3333-4333-8333-333333333333"],' +
  '"members":[{"copy":"11111111-1111-4111-8111-111111111111","directory":"/mnt/a/varve"}]},' +
  '"crc":"9fc91847"}\n'

it('is written and read as it always was', () => {
  expect(encodeMirrorRecord(record).toString()).toBe(golden)
  expect(decodeMirrorRecord(Buffer.from(golden))).toEqual(record)
})

it('does not verify when any bit of it is another', () => {
  const bytes = encodeMirrorRecord(record)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(decodeMirrorRecord(flipped), `bit ${bit}`).toBeNull()
  }
  for (let size = 0; size < bytes.length; size++) {
    expect(decodeMirrorRecord(bytes.subarray(0, size))).toBeNull()
  }
})
