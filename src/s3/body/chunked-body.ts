/**
 * The aws-chunked framing around a body (AWS API Reference, "Transferring Payload in Multiple
 * Chunks"): `size;chunk-signature=…` CR LF data CR LF, …, a chunk of size 0, then perhaps a
 * trailer.
 *
 * Nothing of it gets through: bytes of a signed chunk are released after its signature held, and
 * the stream ends cleanly only after the last chunk, the trailer and the declared size have.
 */
import type { ChunkSigning } from '../auth/verify.ts'
import { S3Error } from '../errors.ts'
import { ChunkSignatures } from './chunk-signatures.ts'
import { PieceReader } from './piece-reader.ts'
import { parseTrailer } from './trailer.ts'

/** The most that is held back of one signed chunk. Clients send 64 KiB to 1 MiB. */
export const SIGNED_CHUNK_SIZE_MAX = 16 * 1024 * 1024
/** AWS API Reference: "at least 8 KB", save for the last. */
export const SIGNED_CHUNK_SIZE_MIN = 8192

export interface ChunkedBodyOptions {
  /** x-amz-decoded-content-length: bytes without framing. */
  readonly size: number
  /** Chunks are signed; null for STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
  readonly signing: ChunkSigning | null
  /** Lower-case name that x-amz-trailer announced; null: there must be none. */
  readonly trailerName: string | null
  /** Whether the payload mode speaks of a trailer. */
  readonly hasTrailer: boolean
  /** Told the value of the trailing header, once, before the stream ends. */
  readonly onTrailer: (value: string) => void
}

/**
 * Yields the bytes of the chunks as views of the pieces of `framed`, which it closes.
 *
 * Holds at most one signed chunk, `SIGNED_CHUNK_SIZE_MAX`, in memory; unsigned chunks pass through.
 *
 * @throws S3Error `SignatureDoesNotMatch`, `InvalidChunkSizeError`, `IncompleteBody`,
 *   `MalformedTrailerError`, while it is read
 */
export async function* chunkedBody(
  framed: AsyncIterable<Uint8Array>,
  options: ChunkedBodyOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = new PieceReader(framed)
  const signatures = options.signing === null ? null : new ChunkSignatures(options.signing)
  let size = 0
  let isShort = false
  try {
    for (;;) {
      const chunk = parseChunkHeader(await reader.line(CHUNK_HEADER_SIZE_MAX), signatures !== null)
      if (chunk.size > 0 && isShort) throw chunkSizeError()
      size += chunk.size
      if (size > options.size) throw incomplete('more bytes than x-amz-decoded-content-length')
      if (signatures === null) yield* passThrough(reader, chunk.size)
      else {
        const pieces = await gather(reader, chunk.size)
        signatures.requireChunk(pieces, chunk.signature)
        yield* pieces
        isShort = chunk.size < SIGNED_CHUNK_SIZE_MIN
      }
      if (chunk.size === 0) break
      if ((await reader.line(1)) !== '') throw incomplete('a chunk does not end where it should')
    }
    if (size !== options.size) throw incomplete('fewer bytes than x-amz-decoded-content-length')
    await readTrailer(reader, signatures, options)
  } finally {
    await reader.close()
  }
}

/** Enough for 16 digits, the name of the extension and a signature. */
const CHUNK_HEADER_SIZE_MAX = 256
const TRAILER_SIZE_MAX = 4096

const SIGNED_HEADER = /^([0-9a-f]{1,16});chunk-signature=([0-9a-f]{64})$/i
const UNSIGNED_HEADER = /^([0-9a-f]{1,16})$/i

interface ChunkHeader {
  readonly size: number
  readonly signature: string
}

function parseChunkHeader(line: string | null, isSigned: boolean): ChunkHeader {
  if (line === null) throw incomplete('the last chunk is missing')
  const match = (isSigned ? SIGNED_HEADER : UNSIGNED_HEADER).exec(line)
  if (match === null) throw chunkSizeError()
  const [, digits = '', signature = ''] = match
  const size = Number.parseInt(digits, 16)
  if (isSigned && size > SIGNED_CHUNK_SIZE_MAX) throw chunkSizeError()
  return { size, signature }
}

async function* passThrough(
  reader: PieceReader,
  size: number,
): AsyncGenerator<Uint8Array, void, void> {
  for (let left = size; left > 0; ) {
    const piece = await reader.take(left)
    if (piece === null) throw incomplete('the body ends within a chunk')
    left -= piece.length
    yield piece
  }
}

async function gather(reader: PieceReader, size: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for (let left = size; left > 0; ) {
    const piece = await reader.take(left)
    if (piece === null) throw incomplete('the body ends within a chunk')
    left -= piece.length
    pieces.push(piece)
  }
  return pieces
}

async function readTrailer(
  reader: PieceReader,
  signatures: ChunkSignatures | null,
  options: ChunkedBodyOptions,
): Promise<void> {
  const text = await reader.rest(TRAILER_SIZE_MAX)
  if (text === null) throw new S3Error('MalformedTrailerError')
  if (!options.hasTrailer) {
    if (text !== '' && text !== '\r\n') throw incomplete('bytes after the last chunk')
    return
  }
  const trailer = parseTrailer(text, options.trailerName)
  if (signatures !== null) {
    if (trailer.signature === null) throw new S3Error('MalformedTrailerError')
    signatures.requireTrailer(trailer.canonical, trailer.signature)
  } else if (trailer.signature !== null) {
    throw new S3Error('MalformedTrailerError')
  }
  if (trailer.value !== null) options.onTrailer(trailer.value)
}

function chunkSizeError(): S3Error {
  return new S3Error('InvalidChunkSizeError', {}, { close: true })
}

function incomplete(reason: string): S3Error {
  return new S3Error('IncompleteBody', { Reason: reason }, { close: true })
}
