import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Identity } from '../../../src/identity/identity.ts'
import { type VerifiedRequest, verifyRequest } from '../../../src/s3/auth/verify.ts'
import { optionalBody } from '../../../src/s3/body/object-body.ts'
import type { S3Request } from '../../../src/s3/request.ts'
import { readAll, s3Request } from './s3-request.ts'

export interface Recorded {
  readonly request: S3Request
  readonly verified: VerifiedRequest
  readonly body: Buffer
  readonly checksum: string | null
}

/** A real HTTP server that verifies whatever it gets, and keeps it, or why it was refused. */
export class RecordingServer implements AsyncDisposable {
  readonly #server = createServer()
  readonly #identity: Identity
  readonly #domains: readonly string[]
  /** Of the last request. */
  last: Recorded | null = null
  refusal: unknown = null

  private constructor(identity: Identity, domains: readonly string[]) {
    this.#identity = identity
    this.#domains = domains
    this.#server.on('request', (message, response) => {
      this.last = null
      this.refusal = null
      const headers: [string, string][] = []
      for (let index = 0; index < message.rawHeaders.length; index += 2) {
        headers.push([message.rawHeaders[index]!, message.rawHeaders[index + 1]!])
      }
      const { method = '', url: target = '' } = message
      this.#take(s3Request({ method, target, headers, body: message, domains: this.#domains }))
        .catch((error: unknown) => {
          this.refusal = error
        })
        .finally(() => {
          response.writeHead(this.refusal === null ? 200 : 403, { 'content-length': 0 }).end()
        })
    })
  }

  static async open(identity: Identity, domains: readonly string[] = []): Promise<RecordingServer> {
    const server = new RecordingServer(identity, domains)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: S3Request): Promise<void> {
    const options = { identity: this.#identity, region: 'us-east-1', now: Date.now() }
    const verified = verifyRequest(request, options)
    const body = optionalBody(request, verified)
    const bytes = await readAll(body.stream)
    this.last = { request, verified, body: bytes, checksum: body.checksum?.expected() ?? null }
  }
}
