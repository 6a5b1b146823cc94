import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../../../src/model/checksum.ts'
import type { ObjectStore, PartInfo } from '../../../src/store/object-store.ts'
import {
  bodyOf,
  failure,
  noise,
  open as openObject,
  put,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const MIB = 1024 * 1024
const contents = [noise(5 * MIB, 1), noise(5 * MIB, 2), noise(12_345, 3)]
const combinable = ['CRC32', 'CRC32C', 'CRC64NVME'] as const
const composable = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const

export function multipartChecksumCases(open: OpenSubject): void {
  it.each(combinable)('combines %s of parts into that of the whole', (algorithm) =>
    onStore(open, async (store) => {
      const [upload, parts] = await uploaded(store, { algorithm, type: 'FULL_OBJECT' })
      const expected = await direct(store, algorithm)
      const made = await upload.complete(parts, { checksum: expected })
      expect(made.checksum).toEqual(expected)
      expect((await openObject(store, 'a')).checksum).toEqual(expected)
    })(),
  )

  it.each(composable)('composes %s of parts', (algorithm) =>
    onStore(open, async (store) => {
      const [upload, parts] = await uploaded(store, { algorithm, type: 'COMPOSITE' })
      const made = await upload.complete(parts)
      expect(made.checksum).toMatchObject({ algorithm, type: 'COMPOSITE' })
      expect(made.checksum?.value).toMatch(/^[A-Za-z0-9+/]+=*-3$/)
      if (algorithm === 'SHA1' || algorithm === 'SHA256') {
        const digests = parts.map((part) => Buffer.from(part.checksum?.value ?? '', 'base64'))
        const digest = createHash(algorithm).update(Buffer.concat(digests)).digest('base64')
        expect(made.checksum?.value).toBe(`${digest}-3`)
      }
    })(),
  )

  it(
    'composes as S3 does',
    onStore(open, async (store) => {
      // 1024 times 'A' as one part; the values are those ceph/s3-tests took from AWS.
      const checksum = { algorithm: 'SHA256', type: 'COMPOSITE' } as const
      const upload = await UploadClient.start(store, 'a', { checksum })
      const part = await upload.part(1, 'A'.repeat(1024))
      expect(part.checksum?.value).toBe('arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0=')
      const value = 'Ok6Cs5b96ux6+MWQkJO7UBT5sKPBeXBLwvj/hK89smg=-1'
      const made = await upload.complete([part], { checksum: { ...checksum, value } })
      expect(made.checksum?.value).toBe(value)
    }),
  )

  it(
    'gives a part its own checksum when it is read by number',
    onStore(open, async (store) => {
      const [upload, parts] = await uploaded(store, { algorithm: 'SHA256', type: 'COMPOSITE' })
      await upload.complete(parts)
      for (const { partNumber, checksum } of parts) {
        const reader = await openObject(store, 'a', { partNumber })
        expect(reader.checksum).toEqual({ ...checksum, type: 'COMPOSITE' })
      }
    }),
  )

  it(
    'adds CRC64NVME of the whole when the upload asked for none',
    onStore(open, async (store) => {
      const [upload, parts] = await uploaded(store, null)
      expect(parts.map((part) => part.checksum)).toEqual([null, null, null])
      const made = await upload.complete(parts)
      expect(made.checksum).toEqual(await direct(store, 'CRC64NVME'))
    }),
  )

  it(
    'checks what a part brings though the upload asked for none, and compares it again at the end',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const good = bodyOf('123456789', { algorithm: 'CRC32', expected: 'y/Q5Jg==' })
      const part = await upload.part(1, '', good)
      expect(part.checksum).toEqual({ algorithm: 'CRC32', value: 'y/Q5Jg==' })
      const bad = bodyOf('12345678', { algorithm: 'CRC32', expected: 'y/Q5Jg==' })
      expect(await failure(upload.part(2, '', bad))).toBe('bad-digest')
      const wrong = { ...part, checksum: { algorithm: 'CRC32' as const, value: 'AAAAAA==' } }
      expect(await failure(upload.complete([wrong]))).toBe('invalid-part')
      expect((await upload.complete([part])).checksum?.algorithm).toBe('CRC64NVME')
    }),
  )

  it(
    'refuses checksums that do not fit the upload',
    onStore(open, async (store) => {
      const start = (algorithm: ChecksumAlgorithm, type: ChecksumType) =>
        failure(UploadClient.start(store, 'x', { checksum: { algorithm, type } }))
      expect(await start('SHA1', 'FULL_OBJECT')).toBe('invalid-request')
      expect(await start('SHA256', 'FULL_OBJECT')).toBe('invalid-request')
      expect(await start('CRC64NVME', 'COMPOSITE')).toBe('invalid-request')
      const [upload, parts] = await uploaded(store, { algorithm: 'CRC32', type: 'FULL_OBJECT' })
      const other = bodyOf('x', { algorithm: 'SHA1' })
      expect(await failure(upload.part(4, '', other))).toBe('invalid-request')
      const attempt = (more: object) => failure(upload.complete(parts, more))
      expect(await attempt({ checksumType: 'COMPOSITE' })).toBe('invalid-request')
      const { value } = await direct(store, 'CRC32')
      const named = (algorithm: ChecksumAlgorithm, value: string) => ({
        checksum: { algorithm, type: 'FULL_OBJECT', value },
      })
      expect(await attempt(named('CRC32C', value))).toBe('invalid-request')
      expect(await attempt(named('CRC32', 'AAAAAA=='))).toBe('bad-digest')
      expect(await attempt({ ...named('CRC32', value), checksumType: 'FULL_OBJECT' })).toBe(
        'succeeded',
      )
    }),
  )

  it(
    'wants the checksum of each part of a COMPOSITE upload, and compares it',
    onStore(open, async (store) => {
      const [upload, parts] = await uploaded(store, { algorithm: 'SHA1', type: 'COMPOSITE' })
      const bare = parts.map((part) => ({ ...part, checksum: null }))
      expect(await failure(upload.complete(bare))).toBe('invalid-request')
      const wrong = { algorithm: 'SHA1', type: 'COMPOSITE', value: 'bad' } as const
      expect(await failure(upload.complete(bare, { checksum: wrong }))).toBe('bad-digest')
      const swapped = parts.map((part, index) => ({
        ...part,
        checksum: parts[(index + 1) % 3]!.checksum,
      }))
      expect(await failure(upload.complete(swapped))).toBe('invalid-part')
      await upload.complete(parts)
    }),
  )

  it(
    'computes the checksum of a part that brings none',
    onStore(open, async (store) => {
      const checksum = { algorithm: 'SHA256', type: 'COMPOSITE' } as const
      const upload = await UploadClient.start(store, 'a', { checksum })
      const part = await upload.part(1, 'x')
      const value = createHash('sha256').update('x').digest('base64')
      expect(part.checksum).toEqual({ algorithm: 'SHA256', value })
      expect((await upload.parts()).parts[0]?.checksum).toEqual(part.checksum)
      await upload.complete([part])
    }),
  )
}

async function uploaded(
  store: ObjectStore,
  checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null,
): Promise<readonly [UploadClient, readonly PartInfo[]]> {
  const upload = await UploadClient.start(store, 'a', { checksum })
  const parts: PartInfo[] = []
  for (const [index, content] of contents.entries()) {
    const body = checksum === null ? bodyOf(content) : bodyOf(content, checksum)
    parts.push(await upload.part(index + 1, '', body))
  }
  return [upload, parts]
}

/** Of the same bytes as one body. */
async function direct(store: ObjectStore, algorithm: ChecksumAlgorithm): Promise<Checksum> {
  const body = bodyOf(Buffer.concat(contents), { algorithm })
  const { checksum } = await put(store, 'direct', '', { body })
  if (checksum === null) throw new Error('no checksum')
  return checksum
}
