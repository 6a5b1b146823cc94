import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/store/errors.ts'
import {
  decodeBucket,
  decodeNextBucket,
  encodeBucket,
  encodeNextBucket,
  encodeRemovedBucket,
} from '../../../src/store/rows/bucket-row.ts'
import { decodeGarbage, encodeGarbage } from '../../../src/store/rows/garbage-row.ts'
import { decodeLineage, encodeLineage } from '../../../src/store/rows/lineage-row.ts'
import { decodeMarker, encodeMarker, isMarker } from '../../../src/store/rows/marker-row.ts'
import {
  decodeObject,
  decodeObjectHead,
  encodeObjectRow,
  markedShared,
  type ObjectFields,
} from '../../../src/store/rows/object-row.ts'
import { decodePartList, encodePartList } from '../../../src/store/rows/part-list-row.ts'
import { decodePart, encodePart } from '../../../src/store/rows/part-row.ts'
import { encodePendingMove, requirePendingMove } from '../../../src/store/rows/pending-move-row.ts'
import { decodeStack, encodeStack } from '../../../src/store/rows/stack-row.ts'
import { decodeUpload, encodeUpload } from '../../../src/store/rows/upload-row.ts'
import { unversioned } from '../../../src/store/rows/version-field.ts'
import { attributes, bytes, manyChunks, oneChunk } from './samples.ts'

const NAMES = '21 0a00 746578742f706c61696e 0100 30 0100 0100 6b 0200 c3bc 01 0100 74 0000'
const md5 = bytes('00112233445566778899aabbccddeeff')
const crc = bytes('cbf43926')

const object: ObjectFields = {
  isShared: false,
  hasPartList: false,
  storageClass: 'STANDARD',
  checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', digest: crc },
  partCount: 0,
  partChecksum: null,
  size: 4096,
  modifiedAt: 1_700_000_000_000,
  etag: md5,
  storedSize: 4144,
  tier: 'hot',
  bodyId: oneChunk.blob,
  uploadId: null,
  version: unversioned,
  attributes,
  body: { kind: 'blob', ref: oneChunk },
}

const version = { id: bytes('00000000000001f4 8899aabbccddeeff'), isNull: false }
const nullVersion = { id: bytes('00000000000001f4 0000000000000000'), isNull: true }

const withParts: ObjectFields = {
  ...object,
  isShared: true,
  checksum: { algorithm: 'CRC32', type: 'COMPOSITE', digest: crc },
  partCount: 2,
  partChecksum: 'CRC32',
  uploadId: bytes('0123456789abcdef0123456789abcdef'),
  body: {
    kind: 'parts',
    parts: [
      { partNumber: 1, ref: oneChunk, digest: crc },
      { partNumber: 10_000, ref: null, digest: bytes('00000000') },
    ],
  },
}

const part = {
  modifiedAt: 1_700_000_000_000,
  md5,
  digests: [
    { algorithm: 'CRC64NVME' as const, digest: bytes('ae8b14860a799888') },
    { algorithm: 'CRC32' as const, digest: crc },
  ],
  ref: manyChunks,
}

const upload = {
  storageClass: 'GLACIER_IR' as const,
  checksum: { algorithm: 'SHA256' as const, type: 'COMPOSITE' as const },
  initiatedAt: 1_700_000_000_000,
  attributes,
}

const bucket = {
  id: 42,
  createdAt: 1_700_000_000_000,
  region: 'us-east-1',
  versioning: 'unversioned' as const,
}

const ONE_CHUNK = '00 07000000 80000000 00100000 30100000'
const MANY_CHUNKS = `01 07000000 b0100000 09000000 80020000 0500000001000000 01100000 0200
  07000000 0100000001000000 09000000 0002000000000000`
const TIME = '0068e5cf8b010000'

/** A row kept for ever: its bytes, and what they say. */
const golden = {
  bucket: {
    hex: `01 2a000000 ${TIME} 0900 75732d656173742d31`,
    encoded: encodeBucket(bucket),
    decode: decodeBucket,
    fields: bucket,
  },
  'bucket with versioning': {
    hex: `02 2a000000 ${TIME} 0900 75732d656173742d31 01`,
    encoded: encodeBucket({ ...bucket, versioning: 'enabled' }),
    decode: decodeBucket,
    fields: { ...bucket, versioning: 'enabled' },
  },
  'bucket with suspended versioning': {
    hex: `02 2a000000 ${TIME} 0900 75732d656173742d31 02`,
    encoded: encodeBucket({ ...bucket, versioning: 'suspended' }),
    decode: decodeBucket,
    fields: { ...bucket, versioning: 'suspended' },
  },
  'next bucket': {
    hex: '01 2b000000',
    encoded: encodeNextBucket(43),
    decode: decodeNextBucket,
    fields: 43,
  },
  object: {
    hex: `01 00 01 01 0000 00 00 0010000000000000 ${TIME} 00112233445566778899aabbccddeeff
      3010000000000000 07000000 80000000 cbf43926 ${NAMES} ${ONE_CHUNK}`,
    encoded: encodeObjectRow(object),
    decode: decodeObject,
    fields: object,
  },
  'object of parts': {
    hex: `01 01 01 81 0200 01 00 0010000000000000 ${TIME} 00112233445566778899aabbccddeeff
      3010000000000000 07000000 80000000 cbf43926 0123456789abcdef0123456789abcdef ${NAMES}
      0100 cbf43926 01 ${ONE_CHUNK} 1027 00000000 00`,
    encoded: encodeObjectRow(withParts),
    decode: decodeObject,
    fields: withParts,
  },
  'object with a version id': {
    hex: `02 00 01 01 0000 00 00 0010000000000000 ${TIME} 00112233445566778899aabbccddeeff
      3010000000000000 07000000 80000000 00000000000001f4 8899aabbccddeeff cbf43926 ${NAMES}
      ${ONE_CHUNK}`,
    encoded: encodeObjectRow({ ...object, version }),
    decode: decodeObject,
    fields: { ...object, version },
  },
  'object that is a null version': {
    hex: `02 05 01 81 0200 01 00 0010000000000000 ${TIME} 00112233445566778899aabbccddeeff
      3010000000000000 07000000 80000000 00000000000001f4 0000000000000000 cbf43926
      0123456789abcdef0123456789abcdef ${NAMES}
      0100 cbf43926 01 ${ONE_CHUNK} 1027 00000000 00`,
    encoded: encodeObjectRow({ ...withParts, version: nullVersion }),
    decode: decodeObject,
    fields: { ...withParts, version: nullVersion },
  },
  'delete marker': {
    hex: `02 08 000000000000 ${TIME} 00000000000001f4 8899aabbccddeeff`,
    encoded: encodeMarker({ version, modifiedAt: 1_700_000_000_000 }),
    decode: decodeMarker,
    fields: { version, modifiedAt: 1_700_000_000_000 },
  },
  'delete marker that is a null version': {
    hex: `02 0c 000000000000 ${TIME} 00000000000001f4 0000000000000000`,
    encoded: encodeMarker({ version: nullVersion, modifiedAt: 1_700_000_000_000 }),
    decode: decodeMarker,
    fields: { version: nullVersion, modifiedAt: 1_700_000_000_000 },
  },
  'version stack': {
    hex: '01 00 0000 02000000',
    encoded: encodeStack({ count: 2, nullId: null, markerId: null }),
    decode: decodeStack,
    fields: { count: 2, nullId: null, markerId: null },
  },
  'version stack below a marker, with a null version': {
    hex: `01 03 0000 02000000 00000000000001f4 0000000000000000
      00000000000001f4 8899aabbccddeeff`,
    encoded: encodeStack({ count: 2, nullId: nullVersion.id, markerId: version.id }),
    decode: decodeStack,
    fields: { count: 2, nullId: nullVersion.id, markerId: version.id },
  },
  'part list': {
    hex: `01 04 0001 0200 0100 cbf43926 01 ${MANY_CHUNKS} 0200 cbf43926 00`,
    encoded: encodePartList({
      firstIndex: 256,
      parts: [
        { partNumber: 1, ref: manyChunks, digest: crc },
        { partNumber: 2, ref: null, digest: crc },
      ],
    }),
    decode: decodePartList,
    fields: {
      firstIndex: 256,
      parts: [
        { partNumber: 1, ref: manyChunks, digest: crc },
        { partNumber: 2, ref: null, digest: crc },
      ],
    },
  },
  upload: {
    hex: `01 08 85 00 ${TIME} ${NAMES}`,
    encoded: encodeUpload(upload),
    decode: decodeUpload,
    fields: upload,
  },
  part: {
    hex: `01 ${TIME} 00112233445566778899aabbccddeeff 02 03 ae8b14860a799888 01 cbf43926
      01 ${MANY_CHUNKS}`,
    encoded: encodePart(part),
    decode: decodePart,
    fields: part,
  },
  garbage: {
    hex: '01 3010000000000000',
    encoded: encodeGarbage(4144),
    decode: decodeGarbage,
    fields: 4144,
  },
  lineage: {
    hex: '01 0200 09000000 02010000',
    encoded: encodeLineage([9, 258]),
    decode: decodeLineage,
    fields: [9, 258],
  },
}

describe('rows', () => {
  for (const [name, row] of Object.entries(golden)) {
    it(`of a ${name} keep their bytes for ever`, () => {
      expect(row.encoded.toString('hex')).toBe(bytes(row.hex).toString('hex'))
    })

    it(`of a ${name} say what was written`, () => {
      expect(row.decode(bytes(row.hex))).toEqual(row.fields)
    })

    it(`of a ${name} are refused when cut short, continued or of another version`, () => {
      const whole = bytes(row.hex)
      for (let size = 0; size < whole.length; size++) {
        expect(() => row.decode(whole.subarray(0, size)), `${size} bytes`).toThrow(StoreError)
      }
      expect(() => row.decode(Buffer.concat([whole, Buffer.from([0])]))).toThrow(StoreError)
      for (const version of [0, 3, 255]) {
        expect(() =>
          row.decode(Buffer.concat([Buffer.from([version]), whole.subarray(1)])),
        ).toThrow(`${name.split(/ of | with | that | below /)[0]} row: version`)
      }
    })
  }

  it('of a removed bucket are one byte', () => {
    expect(encodeRemovedBucket().toString('hex')).toBe('01')
  })

  it('start bucket ids at 1', () => {
    expect(decodeNextBucket(null)).toBe(1)
  })
})

describe('an object row', () => {
  it('tells its head without the rest', () => {
    const { attributes: _, body: __, ...head } = object
    expect(decodeObjectHead(encodeObjectRow(object).subarray(0, 60))).toEqual(head)
  })

  it('says in byte 7 to which tier the body was written', () => {
    for (const [number, tier] of (['hot', 'warm', 'cold'] as const).entries()) {
      const row = encodeObjectRow({ ...object, tier })
      expect(row[7]).toBe(number)
      expect(decodeObject(row).tier).toBe(tier)
    }
  })

  it.each([
    [1, 4, 'flags'],
    [2, 0, 'storage class'],
    [2, 9, 'storage class'],
    [3, 6, 'checksum algorithm'],
    [6, 99, 'checksum algorithm'],
    [7, 3, 'tier'],
    [15, 0x20, 'integer'],
  ])('refuses byte %i being %i', (offset, value, field) => {
    const row = encodeObjectRow(object)
    row[offset] = value
    expect(() => decodeObject(row)).toThrow(`object row: ${field}`)
  })

  it.each([object, { ...object, version }])('is marked shared in place, once', (fields) => {
    const row = encodeObjectRow(fields)
    const marked = markedShared(row)
    expect(marked).not.toBeNull()
    expect(decodeObject(marked!)).toEqual({ ...fields, isShared: true })
    expect(decodeObject(row).isShared).toBe(false)
    expect(markedShared(marked!)).toBeNull()
  })

  it('is without body, checksum and parts when there are none', () => {
    const empty: ObjectFields = {
      ...object,
      checksum: null,
      size: 0,
      storedSize: 0,
      bodyId: null,
      attributes: { headers: {}, metadata: new Map(), tags: [] },
      body: { kind: 'empty' },
    }
    const row = encodeObjectRow(empty)
    expect(row.length).toBe(60)
    expect(decodeObject(row)).toEqual(empty)
  })

  it('keeps its parts elsewhere when they are many', () => {
    const paged: ObjectFields = {
      ...withParts,
      hasPartList: true,
      partCount: 10_000,
      body: { kind: 'part-list' },
    }
    expect(decodeObject(encodeObjectRow(paged))).toEqual(paged)
  })

  it('of a copy remembers no upload', () => {
    const copy = { ...withParts, uploadId: null }
    expect(decodeObject(encodeObjectRow(copy))).toEqual(copy)
  })

  it('refuses an unknown form of a blob reference', () => {
    const row = encodeObjectRow(object)
    row[row.length - 17] = 2
    expect(() => decodeObject(row)).toThrow('blob reference row: form')
  })
})

describe('a delete marker row', () => {
  it('is told from any object row', () => {
    expect(isMarker(encodeMarker({ version, modifiedAt: 1 }))).toBe(true)
    expect(isMarker(encodeMarker({ version: nullVersion, modifiedAt: 1 }))).toBe(true)
    for (const fields of [object, withParts, { ...object, version }]) {
      expect(isMarker(encodeObjectRow(fields))).toBe(false)
    }
    expect(() => decodeObject(encodeMarker({ version, modifiedAt: 1 }))).toThrow('object row')
    expect(() => decodeMarker(encodeObjectRow({ ...object, version }))).toThrow(
      'delete marker row: flags',
    )
  })
})

describe('a pending move row', () => {
  it('is its version, and nothing else is one', () => {
    expect(encodePendingMove().toString('hex')).toBe('01')
    requirePendingMove(encodePendingMove())
    for (const row of ['', '00', '02', '0100']) {
      expect(() => requirePendingMove(bytes(row))).toThrow()
    }
  })
})
