import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SigningKey } from '../../../src/s3/auth/signature-v4.ts'
import {
  type ChunkedBodyOptions,
  chunkedBody,
  SIGNED_CHUNK_SIZE_MAX,
} from '../../../src/s3/body/chunked-body.ts'
import { S3Error } from '../../../src/s3/errors.ts'
import { pieces, readAll } from '../support/s3-request.ts'
import { SCOPE, signedFrames, signingKey, TIMESTAMP, unsignedFrames } from '../support/sign.ts'

const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const signing = {
  signingKey: new SigningKey(signingKey()),
  seedSignature: SEED,
  timestamp: TIMESTAMP,
  scope: SCOPE,
}
const NAME = 'x-amz-checksum-crc32'
const TRAILER = `${NAME}:AAAAAA==`

const END = Buffer.alloc(0)
const first = Buffer.alloc(10_000, 'first')
const second = Buffer.alloc(9_000, 'second')
const third = Buffer.alloc(100, 'third')
const content = Buffer.concat([first, second, third])
const plain = signedFrames({ seed: SEED, chunks: [first, second, third, END] })
const trailed = signedFrames({ seed: SEED, chunks: [first, second, third, END], trailer: TRAILER })
const unsigned = unsignedFrames([first, second, third, END], TRAILER)

type Options = Omit<ChunkedBodyOptions, 'onTrailer'>

const SIGNED: Options = { size: content.length, signing, trailerName: null, hasTrailer: false }
const TRAILED: Options = { ...SIGNED, trailerName: NAME, hasTrailer: true }
const UNSIGNED: Options = { ...TRAILED, signing: null }

const KINDS = [
  ['signed', plain, SIGNED],
  ['signed with a trailer', trailed, TRAILED],
  ['unsigned with a trailer', unsigned, UNSIGNED],
] as const

/** All bytes and the trailer, or the error; whatever came before an error is not looked at. */
async function decode(
  framed: readonly (Uint8Array | string)[],
  options: Options,
): Promise<{ readonly bytes: Buffer; readonly trailer: string | null }> {
  let trailer: string | null = null
  const onTrailer = (value: string) => {
    trailer = value
  }
  const bytes = await readAll(chunkedBody(pieces(...framed), { ...options, onTrailer }))
  return { bytes, trailer }
}

async function codeOf(framed: readonly (Uint8Array | string)[], options: Options): Promise<string> {
  const error = await decode(framed, options).then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error === null) return 'accepted'
  if (error instanceof S3Error) return error.code
  throw error
}

/** The bytes cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % bytes.length), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

const cuts = fc.array(fc.nat(), { maxLength: 40 })

describe.each(KINDS)('aws-chunked, %s', (_, framed, options) => {
  it('gives the bytes of its chunks, wherever the pieces are cut', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { bytes, trailer } = await decode(cut(framed, places), options)
        expect(bytes.equals(content)).toBe(true)
        expect(trailer).toBe(options.hasTrailer ? 'AAAAAA==' : null)
      }),
      { numRuns: 200 },
    )
  })

  it('gives them byte by byte too', async () => {
    const single = Array.from(framed, (_, index) => framed.subarray(index, index + 1))
    expect((await decode(single, options)).bytes.equals(content)).toBe(true)
  })

  it('is refused wherever it ends early', async () => {
    // The last line break says nothing: not every client sends it.
    const lengths = fc.nat({ max: framed.length - (options.hasTrailer ? 5 : 3) })
    await fc.assert(
      fc.asyncProperty(lengths, cuts, async (length, places) => {
        const short = length === 0 ? [] : cut(framed.subarray(0, length), places)
        expect(await codeOf(short, options)).not.toBe('accepted')
      }),
      { numRuns: 300 },
    )
  })

  it('is refused when it is longer or shorter than x-amz-decoded-content-length', async () => {
    for (const size of [0, content.length - 1, content.length + 1]) {
      expect(await codeOf([framed], { ...options, size })).toBe('IncompleteBody')
    }
  })

  it('closes the stream it reads, also when nobody wants the rest', async () => {
    let isClosed = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield framed
      } finally {
        isClosed = true
      }
    }
    for await (const _ of chunkedBody(source(), { ...options, onTrailer: () => {} })) break
    expect(isClosed).toBe(true)
  })
})

describe.each(KINDS.slice(0, 2))('aws-chunked, %s', (_, framed, options) => {
  it('is refused with any byte changed, save for blanks that say nothing', async () => {
    const meaningful = Array.from(framed, (byte, index) => [byte, index] as const).filter(
      ([byte]) => byte !== 0x0d && byte !== 0x0a,
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, mask) => {
        const [byte, index] = meaningful[place % meaningful.length]!
        const changed = Buffer.from(framed)
        changed[index] = byte ^ mask
        // Hex digits and names may be in either case, and mean the same.
        if (changed.toString('latin1').toLowerCase() === framed.toString('latin1').toLowerCase()) {
          return
        }
        const outcome = await codeOf([changed], options)
        expect(outcome).not.toBe('accepted')
      }),
      { numRuns: 500 },
    )
  })

  it('is refused with chunks left out, repeated or in another order', async () => {
    const tail = options.hasTrailer ? { trailer: TRAILER } : {}
    const chunks = [
      Buffer.alloc(9_000, 'a'),
      Buffer.alloc(9_000, 'b'),
      Buffer.alloc(9_000, 'c'),
      END,
    ]
    const text = signedFrames({ seed: SEED, chunks, ...tail })
    const at = (index: number): number => text.indexOf('2328;', index === 0 ? 0 : at(index - 1) + 1)
    const frame = (index: number) => text.subarray(at(index), at(index) + 9_000 + 89)
    const rest = text.subarray(at(2) + 9_000 + 89)
    const good = { ...options, size: 27_000 }
    expect(await codeOf([frame(0), frame(1), frame(2), rest], good)).toBe('accepted')
    for (const order of [[1, 0, 2], [0, 0, 2], [0, 2], [0, 1], [0, 1, 2, 2], []]) {
      const frames = [...order.map(frame), rest]
      const size = order.length * 9_000
      expect(await codeOf(frames, { ...options, size })).toBe('SignatureDoesNotMatch')
    }
  })

  it('releases nothing of a chunk whose signature does not hold', async () => {
    const changed = Buffer.from(framed)
    changed[changed.indexOf('third')] = 0
    const seen: Uint8Array[] = []
    await expect(async () => {
      const body = chunkedBody(pieces(changed), { ...options, onTrailer: () => {} })
      for await (const piece of body) seen.push(piece)
    }).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    expect(Buffer.concat(seen).equals(Buffer.concat([first, second]))).toBe(true)
  })

  it('is refused under another key, seed, time or scope', async () => {
    for (const change of [
      { signingKey: new SigningKey(Buffer.alloc(32)) },
      { seedSignature: '0'.repeat(64) },
      { timestamp: '20130524T000001Z' },
      { scope: SCOPE.replace('us-east-1', 'eu-west-1') },
    ]) {
      const other = { ...options, signing: { ...signing, ...change } }
      expect(await codeOf([framed], other)).toBe('SignatureDoesNotMatch')
    }
  })

  it('may have no chunk below 8 KiB but the last', async () => {
    const chunks = [Buffer.alloc(8191), Buffer.alloc(8192), END]
    const tail = options.hasTrailer ? { trailer: TRAILER } : {}
    const small = signedFrames({ seed: SEED, chunks, ...tail })
    expect(await codeOf([small], { ...options, size: 16_383 })).toBe('InvalidChunkSizeError')
    const large = signedFrames({ seed: SEED, chunks: [chunks[1]!, chunks[0]!, END], ...tail })
    expect(await codeOf([large], { ...options, size: 16_383 })).toBe('accepted')
  })
})

// CVE-2021-21390: a chunk declared larger than what was sent escaped the signature check.
it('cve_2021_21390: a chunk declared larger than it is is refused', async () => {
  const text = plain.toString('latin1').replace(/^2710;/, '271000;')
  expect(await codeOf([text], { ...SIGNED, size: 0x271000 })).toBe('IncompleteBody')
  const without = plain.subarray(0, plain.indexOf('0;chunk-signature', plain.indexOf('64;')))
  expect(await codeOf([without], SIGNED)).toBe('IncompleteBody')
})

describe('the size of a chunk', () => {
  const signature = `;chunk-signature=${'0'.repeat(64)}\r\n`

  it.each(['', '-1', '0x10', 'g', ' 10', '10 ', '1.0', '1_0', '00000000000000010', 'é'])(
    'may not be %j',
    async (size) => {
      expect(await codeOf([`${size}${signature}`], SIGNED)).toBe('InvalidChunkSizeError')
      expect(await codeOf([`${size}\r\n`], UNSIGNED)).toBe('InvalidChunkSizeError')
    },
  )

  it('is bounded when its bytes have to be held back', async () => {
    const size = SIGNED_CHUNK_SIZE_MAX + 1
    const header = `${size.toString(16)}${signature}`
    expect(await codeOf([header], { ...SIGNED, size })).toBe('InvalidChunkSizeError')
    const huge = `ffffffffffffffff${signature}`
    expect(await codeOf([huge], SIGNED)).toBe('InvalidChunkSizeError')
    expect(await codeOf(['ffffffffffffffff\r\n'], UNSIGNED)).toBe('IncompleteBody')
  })

  it('must be signed when chunks are, and must not when they are not', async () => {
    expect(await codeOf([unsigned], TRAILED)).toBe('InvalidChunkSizeError')
    expect(await codeOf([trailed], UNSIGNED)).toBe('InvalidChunkSizeError')
  })

  it('cannot be drowned in a line without end', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 10; count++) yield Buffer.alloc(65_536, '0')
      throw new Error('it kept reading')
    }
    const body = chunkedBody(endless(), { ...UNSIGNED, onTrailer: () => {} })
    await expect(readAll(body)).rejects.toMatchObject({ code: 'InvalidChunkSizeError' })
  })
})

describe('the trailer', () => {
  const bare = { ...UNSIGNED, size: 0 }

  it.each([
    ['missing', '', NAME],
    ['of another name', 'x-amz-checksum-sha256:AAAA', NAME],
    ['not announced', TRAILER, null],
    ['repeated', `${TRAILER}\r\n${TRAILER}`, NAME],
    ['more than announced', `${TRAILER}\r\nx-amz-meta-a:b`, NAME],
    ['without a colon', NAME, NAME],
    ['without a name', ':AAAAAA==', NAME],
    ['signed where nothing is', `${TRAILER}\r\nx-amz-trailer-signature:0`, NAME],
    ['too long', `${TRAILER}\r\n${'\r\n'.repeat(4096)}`, NAME],
    ['followed by another chunk', `${TRAILER}\r\n\r\n5\r\nhello\r\n0`, NAME],
  ])('%s is refused', async (_, text, trailerName) => {
    const outcome = await codeOf([`0\r\n${text}\r\n\r\n`], { ...bare, trailerName })
    expect(outcome).toBe('MalformedTrailerError')
  })

  it.each([TRAILER, `${TRAILER}\r`, TRAILER.slice(0, -1), NAME])(
    '%j, cut short, is refused',
    async (text) => {
      expect(await codeOf([`0\r\n${text}`], bare)).toBe('MalformedTrailerError')
    },
  )

  it.each([
    ['as the SDKs send it', `${TRAILER}\r\n\r\n`],
    ["as AWS's documentation shows it", `${TRAILER}\n\r\n\r\n`],
    ['with a blank after the colon', `${NAME}: AAAAAA==\r\n\r\n`],
    ['with a capital name', `X-Amz-Checksum-Crc32:AAAAAA==\r\n\r\n`],
    ['without the last line break', `${TRAILER}\r\n`],
  ])('is taken %s', async (_, text) => {
    expect((await decode([`0\r\n${text}`], bare)).trailer).toBe('AAAAAA==')
  })

  it('must be signed when chunks are', async () => {
    const text = trailed.toString('latin1')
    const none = text.replace(/x-amz-trailer-signature:.*\r\n/, '')
    expect(await codeOf([none], TRAILED)).toBe('MalformedTrailerError')
    const other = text.replace('AAAAAA==', 'AAAAAQ==')
    expect(await codeOf([other], TRAILED)).toBe('SignatureDoesNotMatch')
  })

  it('may not follow where none is spoken of', async () => {
    expect(await codeOf([plain, 'x'], SIGNED)).toBe('IncompleteBody')
    expect(await codeOf([trailed], SIGNED)).toBe('IncompleteBody')
  })
})
