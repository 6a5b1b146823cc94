import type { BlobRef } from '../../../src/engine/blob-store.ts'

export const oneChunk: BlobRef = {
  blob: { segment: 7, offset: 128 },
  place: { segment: 7, offset: 128 },
  size: 4096,
  chunkCount: 1,
  extents: [{ segment: 7, storedSize: 4144 }],
}

export const manyChunks: BlobRef = {
  blob: { segment: 7, offset: 4272 },
  place: { segment: 9, offset: 640 },
  size: 2 ** 32 + 5,
  chunkCount: 4097,
  extents: [
    { segment: 7, storedSize: 2 ** 32 + 1 },
    { segment: 9, storedSize: 512 },
  ],
}

export const attributes = {
  headers: { contentType: 'text/plain', expires: '0' },
  metadata: new Map([['k', 'ü']]),
  tags: [{ key: 't', value: '' }],
}

/** Two hex digits a byte, spaces where a reader wants them. */
export function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
}
