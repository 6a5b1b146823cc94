/** The `aws-chunked` framings of SigV4: signed, signed with trailer, unsigned with trailer. */
import { chunkSignature, type SeedSignature, trailerSignature } from './sigv4.ts'
import { exchange, type Wire, type WireReply, type WireRequest } from './wire.ts'

export type ChunkedMode =
  | 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  | 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
  | 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

export const chunkedModes: readonly ChunkedMode[] = [
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
]

export interface ChunkedRequest extends Omit<WireRequest, 'body' | 'payloadHash'> {
  readonly mode: ChunkedMode
  readonly data: Uint8Array
  readonly chunkSize?: number
  /** Name and value of the trailer; only in the trailer modes. */
  readonly trailer?: readonly [name: string, value: string]
  /** Content-Length of the framed body, or Transfer-Encoding: chunked. True unless given. */
  readonly hasLength?: boolean
  /** x-amz-decoded-content-length, when it shall lie; null leaves it out. */
  readonly decodedLength?: number | null
  /** Changes the framed body before it is sent. */
  readonly bend?: (framed: readonly Buffer[]) => readonly Buffer[]
}

/** Signs, frames and sends; what goes over the wire can be bent. */
export async function sendChunked(wire: Wire, request: ChunkedRequest): Promise<WireReply> {
  const decoded = request.decodedLength === undefined ? request.data.length : request.decodedLength
  const headers: (readonly [string, string])[] = [['content-encoding', 'aws-chunked']]
  if (decoded !== null) headers.push(['x-amz-decoded-content-length', String(decoded)])
  if (request.trailer !== undefined) headers.push(['x-amz-trailer', request.trailer[0]])
  const given = request.headers ?? []
  const own = Array.isArray(given) ? given : Object.entries(given)
  const prepared = wire.prepare({
    ...request,
    headers: [...headers.filter(([name]) => !own.some(([other]) => other === name)), ...own],
    unsignedHeaders: { 'transfer-encoding': 'chunked', ...request.unsignedHeaders },
    payloadHash: request.mode,
  })
  const framed = frame(request, prepared.seed)
  const body = Buffer.concat((request.bend ?? ((pieces) => pieces))(framed))
  const length = ['content-length', String(body.length)]
  const sent = prepared.headers.flatMap((item, index, all) => {
    if (request.hasLength === false) return [item]
    if (item === 'transfer-encoding' || all[index - 1] === 'transfer-encoding') {
      return item === 'transfer-encoding' ? length : []
    }
    return [item]
  })
  return await exchange(wire.endpoint, { ...prepared, headers: sent }, body)
}

/** Each data chunk, the last chunk, and the trailer part as separate pieces. */
function frame(request: ChunkedRequest, seed: SeedSignature | null): readonly Buffer[] {
  const size = request.chunkSize ?? 64 * 1024
  const isSigned = request.mode !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const hasTrailer = request.mode !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  let link = seed
  const pieces: Buffer[] = []
  const head = (data: Uint8Array) => {
    const length = data.length.toString(16)
    if (!isSigned || link === null) return `${length}\r\n`
    link = { ...link, signature: chunkSignature(link, data) }
    return `${length};chunk-signature=${link.signature}\r\n`
  }
  for (let at = 0; at < request.data.length; at += size) {
    const data = request.data.subarray(at, at + size)
    pieces.push(Buffer.concat([Buffer.from(head(data)), data, Buffer.from('\r\n')]))
  }
  pieces.push(Buffer.from(head(new Uint8Array())))
  if (hasTrailer && request.trailer !== undefined) {
    const [name, value] = request.trailer
    const signature =
      isSigned && link !== null
        ? `x-amz-trailer-signature:${trailerSignature(link, `${name}:${value}\n`)}\r\n`
        : ''
    pieces.push(Buffer.from(`${name}:${value}\r\n${signature}`))
  }
  pieces.push(Buffer.from('\r\n'))
  return pieces
}
