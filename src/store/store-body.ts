/**
 * Takes in one body: reads it once, hashes it on the way, and refuses it before anything can name
 * it when size or digest are not what was declared. A small body is gathered to ride in a commit;
 * a larger one streams into the engine and is durable when this resolves.
 */
import type { BlobRef, BlobRemains, SmallBlob } from '../engine/blob-store.ts'
import type { ChecksumAlgorithm } from '../model/checksum.ts'
import { recordSpan, type Tier } from '../segment/types.ts'
import { BodyDigester, type Digests, digestsOf } from './digests.ts'
import { StoreError } from './errors.ts'
import type { ObjectBody } from './object-store.ts'
import { storedSizeOf } from './rows/blob-ref-field.ts'
import type { StoreContext } from './store-context.ts'

export interface BodyIntake {
  readonly body: ObjectBody
  /** To compute and keep, beside what `body.checksum` asks for. */
  readonly algorithms: readonly ChecksumAlgorithm[]
  /** Where a large body is written. */
  readonly tier: Tier
  /** Larger bodies are durable before the commit; smaller ones ride in it, which is hot. */
  readonly inlineSizeMax?: number
  /** Kept beside a large blob; at most 4 KiB. Asked for only when needed. */
  readonly label: () => Uint8Array
}

export interface StoredBody extends Digests {
  readonly size: number
  /** Not durable yet: rides in the commit. */
  readonly small: SmallBlob | null
  /** Durable already. Both are null for a body without bytes. */
  readonly ref: BlobRef | null
  /** What its records occupy, or will. */
  readonly storedSize: number
  /** Where it lies, or will. */
  readonly tier: Tier
}

/** @param onRemains told of what a large body leaves on disk that was not stored */
export async function storeBody(
  context: StoreContext,
  intake: BodyIntake,
  onRemains: (remains: BlobRemains) => void,
): Promise<StoredBody> {
  const { body } = intake
  const pieces = new SizedPieces(body, context.options.bodySizeMax)
  try {
    const inlineSizeMax = intake.inlineSizeMax ?? context.options.inlineSizeMax
    const head = await gather(pieces, inlineSizeMax)
    if (head.isWhole) return storeSmall(context, intake, head.pieces)
    const stream = resumed(head.pieces, pieces)
    return await storeLarge(context, intake, { stream, onRemains })
  } finally {
    if (!pieces.isOver) await pieces.return()
  }
}

/** What a body's checksums are: the ones to keep, and the one the client named. */
function algorithmsOf(intake: BodyIntake): readonly ChecksumAlgorithm[] {
  const asked = intake.body.checksum?.algorithm
  const isKnown = asked === undefined || intake.algorithms.includes(asked)
  return isKnown ? intake.algorithms : [...intake.algorithms, asked]
}

function storeSmall(
  context: StoreContext,
  intake: BodyIntake,
  pieces: readonly Uint8Array[],
): StoredBody {
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  const digests = digestsOf(context.crc64, bytes, algorithmsOf(intake))
  requireDigests(intake.body, digests)
  const small = bytes.length === 0 ? null : context.engine.small(bytes)
  const storedSize = small === null ? 0 : recordSpan(small.record.payload.length)
  return { size: bytes.length, small, ref: null, storedSize, tier: 'hot', ...digests }
}

interface LargeBody {
  readonly stream: AsyncIterable<Uint8Array>
  readonly onRemains: (remains: BlobRemains) => void
}

async function storeLarge(
  context: StoreContext,
  intake: BodyIntake,
  { stream, onRemains }: LargeBody,
): Promise<StoredBody> {
  const digester = await BodyDigester.open(context.crc64, algorithmsOf(intake))
  let digests: Digests | null = null
  // Digests are compared within the stream, so that the engine drops a body that does not hold.
  async function* verified(): AsyncGenerator<Uint8Array> {
    for await (const piece of stream) {
      digester.update(piece)
      yield piece
    }
    digests = digester.finish()
    requireDigests(intake.body, digests)
  }
  try {
    const { tier } = intake
    const { signal } = intake.body
    const label = intake.label()
    const ref = await context.engine.append(verified(), { label, tier, signal, onRemains })
    if (digests === null) throw new Error('the engine resolved before the end of the body')
    const { md5, checksums } = digests as Digests
    const { size } = ref
    return { md5, checksums, size, small: null, ref, storedSize: storedSizeOf(ref), tier }
  } finally {
    digester.close()
  }
}

/**
 * Passes a body on, without its empty pieces, and refuses it when its size is not as declared. No
 * generator: one of those costs each piece several turns of the microtask queue.
 */
class SizedPieces {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #declared: number | null
  readonly #sizeMax: number
  #size = 0
  #isOver = false

  constructor(body: ObjectBody, sizeMax: number) {
    if (body.size !== null && body.size > sizeMax) throw tooLarge(sizeMax)
    this.#pieces = body.stream[Symbol.asyncIterator]()
    this.#declared = body.size
    this.#sizeMax = sizeMax
  }

  /** Null at the end. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const step = await this.#pieces.next()
      if (step.done === true) break
      const piece = step.value
      this.#size += piece.length
      if (this.#declared !== null && this.#size > this.#declared) {
        throw new StoreError('incomplete-body')
      }
      if (this.#size > this.#sizeMax) throw tooLarge(this.#sizeMax)
      if (piece.length > 0) return piece
    }
    if (this.#declared !== null && this.#size !== this.#declared) {
      throw new StoreError('incomplete-body')
    }
    this.#isOver = true
    return null
  }

  /** It was read to its end, and held what was declared. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Lets go of a body that is not over. */
  async return(): Promise<void> {
    await this.#pieces.return?.()
  }
}

/** Reads until the body ends or holds more than `sizeMax` bytes. */
async function gather(
  body: SizedPieces,
  sizeMax: number,
): Promise<{ readonly pieces: Uint8Array[]; readonly isWhole: boolean }> {
  const pieces: Uint8Array[] = []
  let size = 0
  while (size <= sizeMax) {
    const piece = await body.next()
    if (piece === null) return { pieces, isWhole: true }
    pieces.push(piece)
    size += piece.length
  }
  return { pieces, isWhole: false }
}

async function* resumed(head: Uint8Array[], rest: SizedPieces): AsyncGenerator<Uint8Array> {
  yield* head.splice(0)
  for (let piece = await rest.next(); piece !== null; piece = await rest.next()) yield piece
}

function requireDigests(body: ObjectBody, digests: Digests): void {
  if (body.contentMd5 !== null && !digests.md5.equals(body.contentMd5)) {
    throw new StoreError('bad-digest', 'Content-MD5 differs from the bytes', {
      field: 'Content-MD5',
    })
  }
  const expected = body.checksum?.expected() ?? null
  if (body.checksum === null || expected === null) return
  const { algorithm } = body.checksum
  if (digests.checksums.get(algorithm)?.toString('base64') !== expected) {
    const message = `${algorithm} differs from the bytes`
    throw new StoreError('bad-digest', message, { field: algorithm })
  }
}

function tooLarge(sizeMax: number): StoreError {
  return new StoreError('object-too-large', undefined, { maxSizeAllowed: String(sizeMax) })
}
