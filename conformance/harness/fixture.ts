/**
 * What a suite stands on: one server for the file, an SDK client and a raw wire to it, and buckets
 * of its own. With VARVE_CONFORMANCE_ENDPOINT (and _ACCESS_KEY, _SECRET_KEY) the same cases speak
 * to a server that already runs, whoever made it.
 */
import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { afterAll, beforeAll } from 'vitest'
import { type Endpoint, type ServerOptions, ServerProcess } from './server-process.ts'
import { Wire } from './wire.ts'

export class Fixture {
  #server: ServerProcess | null = null
  #endpoint: Endpoint | null = null
  #wire: Wire | null = null
  #sdk: S3Client | null = null

  async open(options: ServerOptions): Promise<void> {
    this.#endpoint = externalEndpoint()
    if (this.#endpoint === null) {
      this.#server = await ServerProcess.start(options)
      this.#endpoint = this.#server.endpoint
    }
    this.#wire = new Wire(this.#endpoint)
    this.#sdk = sdkClient(this.#endpoint)
  }

  async close(): Promise<void> {
    this.#sdk?.destroy()
    await this.#server?.close()
  }

  get endpoint(): Endpoint {
    return present(this.#endpoint)
  }

  /** Only when the server is this fixture's own child. */
  get server(): ServerProcess {
    return present(this.#server)
  }

  get wire(): Wire {
    return present(this.#wire)
  }

  get sdk(): S3Client {
    return present(this.#sdk)
  }

  /** A new, empty bucket. */
  async bucket(): Promise<string> {
    const name = bucketName()
    await this.sdk.send(new CreateBucketCommand({ Bucket: name }))
    return name
  }
}

/** Starts a server before the file's first case and ends it after the last. */
export function useServer(options: ServerOptions = {}): Fixture {
  const fixture = new Fixture()
  beforeAll(async () => await fixture.open(options))
  afterAll(async () => await fixture.close())
  return fixture
}

export function bucketName(): string {
  return `conformance-${randomBytes(8).toString('hex')}`
}

/** A client with no checksum setting changed, and no retries that would hide a failure. */
export function sdkClient(endpoint: Endpoint): S3Client {
  return new S3Client({
    endpoint: endpoint.url,
    region: endpoint.region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: endpoint.credentials.accessKey,
      secretAccessKey: endpoint.credentials.secretKey,
    },
  })
}

/** How a call that must fail was refused. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly code: string; readonly status: number }> {
  try {
    await call
  } catch (error) {
    if (error instanceof S3ServiceException) {
      return { code: error.name, status: error.$metadata.httpStatusCode ?? 0 }
    }
    throw error
  }
  throw new Error('the call was expected to be refused, and succeeded')
}

/** Bytes that do not compress and differ at every offset, the same for the same seed. */
export function pseudoRandomBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed >>> 0 || 1
  for (let at = 0; at < size; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    if (at + 4 <= size) bytes.writeUInt32LE(state, at)
    else bytes.writeUIntLE(state % 2 ** (8 * (size - at)), at, size - at)
  }
  return bytes
}

function externalEndpoint(): Endpoint | null {
  const text = process.env['VARVE_CONFORMANCE_ENDPOINT']
  if (text === undefined) return null
  const url = new URL(text)
  return {
    host: url.hostname,
    port: Number(url.port),
    url: url.origin,
    region: 'us-east-1',
    credentials: {
      accessKey: process.env['VARVE_CONFORMANCE_ACCESS_KEY'] ?? '',
      secretKey: process.env['VARVE_CONFORMANCE_SECRET_KEY'] ?? '',
    },
  }
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('the fixture is not open, or not of its own server')
  return value
}
