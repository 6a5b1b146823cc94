import type { ServerResponse } from 'node:http'
import type { S3Reply } from '../s3/request.ts'
import { EndOfTurn } from './end-of-turn.ts'

const endOfTurn = new EndOfTurn()

export interface SendOptions {
  readonly isHead: boolean
  readonly close: boolean
  readonly idleTimeoutMs: number
  /** Called before the reply is ended, once all of it is written. */
  readonly beforeEnd?: () => Promise<void>
}

export interface Sent {
  /** Bytes of body handed to the socket. */
  readonly size: number
  /** The client went, or stalled, before the system had taken the end of them. */
  readonly isCut: boolean
}

/**
 * Writes the reply, and resolves when it is out of this process's hands. A body that fails or
 * has another length than declared breaks the connection, so that nobody takes it for whole.
 */
export async function sendReply(
  response: ServerResponse,
  reply: S3Reply,
  options: SendOptions,
): Promise<Sent> {
  const { body } = reply
  const isBodyless = options.isHead || reply.status === 204 || reply.status === 304
  const headers = flatten(reply, isBodyless)
  if (options.close) headers.push('connection', 'close')
  const isStream = typeof body === 'object' && Symbol.asyncIterator in body
  try {
    response.writeHead(reply.status, headers)
  } catch (error) {
    if (isStream) await discard(body)
    response.destroy()
    throw error
  }
  const size = await write(response, reply, { isBodyless, ...options })
  // What the system has not taken yet lies in memory: also the end of a reply has its time.
  const isCut =
    response.writableLength > 0 && !(await told(response, 'finish', options.idleTimeoutMs))
  return { size, isCut }
}

async function write(
  response: ServerResponse,
  reply: S3Reply,
  options: SendOptions & { readonly isBodyless: boolean },
): Promise<number> {
  const { body } = reply
  const isStream = typeof body === 'object' && Symbol.asyncIterator in body
  if (isStream && !options.isBodyless) {
    return stream(response, body, { size: declaredSize(reply), ...options })
  }
  if (isStream) await discard(body)
  if (options.isBodyless || body === undefined || isStream) return finish(response, options, null)
  return finish(response, options, typeof body === 'string' ? Buffer.from(body) : body)
}

/**
 * A flat list is what Node writes fastest: no map of headers is built. The length comes last,
 * because Node refuses bytes beyond ASCII in a content-disposition that follows it.
 */
function flatten(reply: S3Reply, isBodyless: boolean): string[] {
  const flat: string[] = []
  for (const name in reply.headers) {
    if (name !== 'content-length') flat.push(name, reply.headers[name] as string)
  }
  const length = lengthOf(reply, isBodyless)
  if (length !== null) flat.push('content-length', length)
  return flat
}

/** Null where there is none to tell: no body at all, or a stream of unknown length. */
function lengthOf({ status, headers, body }: S3Reply, isBodyless: boolean): string | null {
  if (status === 204 || status === 304) return null
  const declared = headers['content-length']
  if (declared !== undefined) return declared
  if (body === undefined) return isBodyless ? null : '0'
  if (typeof body === 'string') return String(Buffer.byteLength(body))
  return body instanceof Uint8Array ? String(body.length) : null
}

function declaredSize(reply: S3Reply): number | null {
  const length = reply.headers['content-length']
  return length === undefined ? null : Number(length)
}

async function finish(
  response: ServerResponse,
  options: SendOptions,
  bytes: Uint8Array | null,
): Promise<number> {
  if (options.beforeEnd === undefined) {
    await endOfTurn.come()
    if (bytes === null) response.end()
    else response.end(bytes)
  } else {
    if (bytes === null) response.flushHeaders()
    else response.write(bytes)
    await options.beforeEnd()
    response.end()
  }
  return bytes?.length ?? 0
}

async function stream(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  options: SendOptions & { readonly size: number | null },
): Promise<number> {
  let sent = 0
  try {
    for await (const chunk of body) {
      sent += chunk.length
      if (options.size !== null && sent > options.size) {
        throw new Error(`reply body is longer than its declared ${options.size} bytes`)
      }
      if (sent === options.size && options.beforeEnd === undefined) {
        // Headers, last chunk and end in one write: what a small object is made of.
        await endOfTurn.come()
        response.end(chunk)
        return sent
      }
      if (!response.write(chunk)) await told(response, 'drain', options.idleTimeoutMs)
      if (response.destroyed) return sent
    }
    if (options.size !== null && sent < options.size) {
      throw new Error(`reply body ended after ${sent} of its declared ${options.size} bytes`)
    }
    await options.beforeEnd?.()
    response.end()
  } catch (error) {
    response.destroy()
    throw error
  }
  return sent
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}

/**
 * Resolves when the socket takes more, or has taken all, or is gone; cuts off a client that stalls.
 * False: it did not come to that.
 */
function told(
  response: ServerResponse,
  event: 'drain' | 'finish',
  idleTimeoutMs: number,
): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    const settle = (hasCome: boolean) => {
      clearTimeout(timer)
      response.off(event, come)
      response.off('close', gone)
      resolve(hasCome)
    }
    const come = () => settle(true)
    const gone = () => settle(false)
    const timer = setTimeout(() => {
      response.destroy()
      gone()
    }, idleTimeoutMs)
    response.on(event, come)
    response.on('close', gone)
  })
}
