import { describe, expect, it } from 'vitest'
import type { BucketConfigKind, BucketConfigs } from '../../../src/store/bucket-config.ts'
import { StoreError } from '../../../src/store/errors.ts'
import {
  decodeBucketConfig,
  encodeBucketConfig,
} from '../../../src/store/rows/bucket-config-row.ts'
import {
  bucketConfigKey,
  bucketConfigKinds,
  bucketIdOfConfig,
  kindOfConfig,
} from '../../../src/store/rows/keys.ts'
import { bytes } from './samples.ts'

const rule = {
  id: 'r',
  methods: ['PUT', 'GET'] as const,
  origins: ['https://*.example.org'],
  headers: ['*'],
  exposeHeaders: ['ETag', 'x-amz-meta-a'],
  maxAgeSeconds: 3000,
}
const bareRule = {
  id: null,
  methods: ['HEAD'] as const,
  origins: ['*'],
  headers: [],
  exposeHeaders: [],
  maxAgeSeconds: null,
}

interface Golden<Kind extends BucketConfigKind> {
  readonly hex: string
  readonly config: BucketConfigs[Kind]
}

/** Rows kept for ever: their bytes, and what they say. */
const golden: { readonly [Kind in BucketConfigKind]: Golden<Kind> } = {
  acl: { hex: '01 01 03', config: 'public-read-write' },
  cors: {
    hex: `01 01 02
      0100 72 b80b0000 02 02 01 0100 1500 68747470733a2f2f2a2e6578616d706c652e6f7267
      0100 0100 2a 0200 0400 45546167 0c00 782d616d7a2d6d6574612d61
      0000 ffffffff 01 05 0100 0100 2a 0000 0000`,
    config: [rule, bareRule],
  },
  ownership: { hex: '01 01 02', config: 'BucketOwnerPreferred' },
  publicAccessBlock: {
    hex: '01 01 09',
    config: {
      blockPublicAcls: true,
      ignorePublicAcls: false,
      blockPublicPolicy: false,
      restrictPublicBuckets: true,
    },
  },
  tags: { hex: '01 01 01 0100 6b 0200 c3bc', config: [{ key: 'k', value: 'ü' }] },
}

describe.each(bucketConfigKinds)('the row of %s', (kind) => {
  const { hex, config } = golden[kind]

  it('keeps its bytes for ever', () => {
    expect(encodeBucketConfig(kind, config).toString('hex')).toBe(bytes(hex).toString('hex'))
  })

  it('says what was written', () => {
    expect(decodeBucketConfig(kind, bytes(hex))).toEqual(config)
  })

  it('is refused when cut short, continued or of another version', () => {
    const whole = bytes(hex)
    for (let size = 0; size < whole.length; size++) {
      expect(() => decodeBucketConfig(kind, whole.subarray(0, size))).toThrow(StoreError)
    }
    expect(() => decodeBucketConfig(kind, Buffer.concat([whole, Buffer.from([0])]))).toThrow(
      StoreError,
    )
    for (const version of [0, 2, 255]) {
      const other = Buffer.concat([Buffer.from([version]), whole.subarray(1)])
      expect(() => decodeBucketConfig(kind, other)).toThrow('bucket configuration row: version')
    }
  })

  it('of what was deleted is not that of what was never there', () => {
    const row = encodeBucketConfig(kind, null)
    expect(row.toString('hex')).toBe('0100')
    expect(decodeBucketConfig(kind, row)).toBeNull()
  })

  it('has a key of its own', () => {
    const key = bucketConfigKey(258, kind)
    expect(key.subarray(0, 5).toString('hex')).toBe('6600000102')
    expect(bucketIdOfConfig(key)).toBe(258)
    expect(kindOfConfig(key)).toBe(kind)
  })
})

describe('bucket configuration', () => {
  it('keeps the bytes of its kinds for ever', () => {
    const letters = bucketConfigKinds.map((kind) =>
      String.fromCharCode(bucketConfigKey(1, kind)[5]!),
    )
    expect(Object.fromEntries(bucketConfigKinds.map((kind, at) => [kind, letters[at]]))).toEqual({
      acl: 'a',
      cors: 'c',
      ownership: 'o',
      publicAccessBlock: 'p',
      tags: 't',
    })
    expect(kindOfConfig(Buffer.from('660000000178', 'hex'))).toBeNull()
  })

  it('without a row lets nobody in', () => {
    expect(decodeBucketConfig('acl', null)).toBe('private')
    expect(decodeBucketConfig('ownership', null)).toBe('BucketOwnerEnforced')
    expect(Object.values(decodeBucketConfig('publicAccessBlock', null) ?? {})).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(decodeBucketConfig('cors', null)).toBeNull()
    expect(decodeBucketConfig('tags', null)).toBeNull()
  })

  it.each([
    ['acl', '01 01 05', 'ACL'],
    ['acl', '01 01 00', 'ACL'],
    ['acl', '01 02 01', 'presence'],
    ['ownership', '01 01 04', 'ownership'],
    ['publicAccessBlock', '01 01 10', 'public access block'],
    ['cors', '01 01 01 0000 ffffffff 01 06', 'method'],
  ] as const)('of kind %s refuses %s', (kind, hex, field) => {
    expect(() => decodeBucketConfig(kind, bytes(hex))).toThrow(`bucket configuration row: ${field}`)
  })
})
