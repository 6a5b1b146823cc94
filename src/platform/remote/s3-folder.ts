/** A remote folder that is a prefix of a bucket on any S3 endpoint. */
import type { S3Client } from '@aws-sdk/client-s3'
import { ErrnoError } from '../errno-error.ts'
import type { RemoteFolder, RemoteRange, RemoteSource } from './remote-folder.ts'

export interface S3FolderOptions {
  /** Null: that of AWS for the region. */
  readonly endpoint: string | null
  readonly bucket: string
  /** Before every name, as it is. */
  readonly prefix: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
}

type Sdk = typeof import('@aws-sdk/client-s3')
type Send = (sdk: Sdk, client: S3Client) => Promise<void>

/** Larger files go in parts of this size; 10,000 of them hold any segment. */
const PART_SIZE = 16 * 1024 * 1024
/** So that whoever waits for cold bytes learns soon that they cannot come. */
const CONNECTION_TIMEOUT_MS = 3000
const REQUEST_TIMEOUT_MS = 30_000
const ATTEMPTS_MAX = 3

/** Makes no connection before the first call. */
export class S3Folder implements RemoteFolder {
  readonly name: string
  readonly #options: S3FolderOptions
  /** The SDK is loaded with the first request. */
  #opened: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | null = null

  constructor(options: S3FolderOptions) {
    this.#options = options
    this.name = `s3://${options.bucket}/${options.prefix}`
  }

  async put(name: string, source: RemoteSource, signal: AbortSignal): Promise<void> {
    await this.#answered(name, (sdk, client) =>
      source.size <= PART_SIZE
        ? this.#putWhole({ sdk, client }, { name, source, signal })
        : this.#putParts({ sdk, client }, { name, source, signal }),
    )
  }

  async read(name: string, { start, end }: RemoteRange): Promise<Buffer | null> {
    let bytes: Buffer | null = null
    await this.#answered(name, async (sdk, client) => {
      const Range = `bytes=${start}-${end - 1}`
      try {
        const command = new sdk.GetObjectCommand({ ...this.#place(name), Range })
        const { Body } = await client.send(command)
        bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
      } catch (error) {
        if (error instanceof sdk.NoSuchKey) return
        if (nameOf(error) !== 'InvalidRange') throw error
        bytes = Buffer.alloc(0)
      }
    })
    return bytes
  }

  async remove(name: string): Promise<void> {
    await this.#answered(name, async (sdk, client) => {
      await client.send(new sdk.DeleteObjectCommand(this.#place(name)))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    if (opened !== null) (await opened).client.destroy()
  }

  async #putWhole({ sdk, client }: Opened, { name, source, signal }: Upload): Promise<void> {
    const Body = await piece(source, 0)
    const command = new sdk.PutObjectCommand({ ...this.#place(name), Body })
    await client.send(command, { abortSignal: signal })
  }

  async #putParts({ sdk, client }: Opened, { name, source, signal }: Upload): Promise<void> {
    const place = this.#place(name)
    const created = await client.send(new sdk.CreateMultipartUploadCommand(place))
    const upload = { ...place, UploadId: created.UploadId }
    try {
      const Parts: { PartNumber: number; ETag: string | undefined }[] = []
      for (let start = 0; start < source.size; start += PART_SIZE) {
        const part = { PartNumber: Parts.length + 1, Body: await piece(source, start) }
        const command = new sdk.UploadPartCommand({ ...upload, ...part })
        const { ETag } = await client.send(command, { abortSignal: signal })
        Parts.push({ PartNumber: part.PartNumber, ETag })
      }
      const MultipartUpload = { Parts }
      await client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
    } catch (error) {
      await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {})
      throw error
    }
  }

  async #answered(name: string, send: Send): Promise<void> {
    try {
      const { sdk, client } = await this.#open()
      await send(sdk, client)
    } catch (cause) {
      if (nameOf(cause) === 'AbortError') throw cause
      const where = `${this.name}${name}: ${nameOf(cause)}`
      const error = new ErrnoError('EHOSTUNREACH', 'reach', where)
      error.cause = cause
      throw error
    }
  }

  #open(): Promise<Opened> {
    this.#opened ??= openClient(this.#options)
    return this.#opened
  }

  #place(name: string) {
    const { bucket, prefix } = this.#options
    return { Bucket: bucket, Key: `${prefix}${name}` }
  }
}

interface Opened {
  readonly sdk: Sdk
  readonly client: S3Client
}

interface Upload {
  readonly name: string
  readonly source: RemoteSource
  readonly signal: AbortSignal
}

async function openClient(options: S3FolderOptions): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-s3')
  const { endpoint, region, accessKey, secretKey } = options
  const client = new sdk.S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    maxAttempts: ATTEMPTS_MAX,
    // Not every endpoint knows the newer checksums, and every byte is read back and compared.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
  })
  return { sdk, client }
}

async function piece(source: RemoteSource, start: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.min(PART_SIZE, source.size - start))
  return bytes.subarray(0, await source.read(bytes, start))
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}
