/** A bucket on any S3 endpoint, below a prefix. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { MaintenanceError } from '../errors.ts'
import type { BackupTarget } from './backup-target.ts'

/** What is sent in one request, and as one part of what is larger. */
const PART_SIZE = 16 * 1024 * 1024

export class S3Target implements BackupTarget {
  readonly name: string
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
    this.name = `s3://${bucket}/${prefix}`.replace(/\/+$/, '')
  }

  /**
   * Endpoint and keys are those of the AWS SDK: its environment variables and files.
   *
   * @throws MaintenanceError `invalid` for what is no such place
   */
  static async open(place: string, region: string): Promise<S3Target> {
    const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(place) ?? []
    if (bucket === undefined) {
      throw new MaintenanceError('invalid', `${place} names no bucket: write s3://bucket/prefix`)
    }
    const client = new S3Client({ region, forcePathStyle: true, followRegionRedirects: true })
    return new S3Target(client, bucket, prefix)
  }

  async sizeOf(name: string): Promise<number | null> {
    try {
      const head = await this.#client.send(new HeadObjectCommand(this.#object(name)))
      return head.ContentLength ?? null
    } catch (error) {
      if (isAbsent(error)) return null
      throw error
    }
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${this.#prefix}${folder}/`
    const names: string[] = []
    for (let token: string | undefined; ; ) {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      )
      for (const { Key } of page.Contents ?? []) if (Key) names.push(Key.slice(prefix.length))
      token = page.NextContinuationToken
      if (page.IsTruncated !== true || token === undefined) return names.sort()
    }
  }

  async read(
    name: string,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<Buffer> {
    if (end <= start) return Buffer.alloc(0)
    const Range = `bytes=${start}-${end - 1}`
    const reply = await this.#client.send(new GetObjectCommand({ ...this.#object(name), Range }))
    return Buffer.from((await reply.Body?.transformToByteArray()) ?? [])
  }

  async write(name: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    if (size > PART_SIZE) return this.#writeParts(name, pieces)
    const all: Uint8Array[] = []
    for await (const piece of pieces) all.push(piece)
    const Body = Buffer.concat(all)
    await this.#client.send(new PutObjectCommand({ ...this.#object(name), Body }))
  }

  async remove(name: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#object(name)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy()
  }

  /** Not there before the last request has succeeded. */
  async #writeParts(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const object = this.#object(name)
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(object))
    const upload = { ...object, UploadId }
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = []
      for await (const Body of parted(pieces)) {
        const PartNumber = Parts.length + 1
        const part = new UploadPartCommand({ ...upload, PartNumber, Body })
        Parts.push({ ETag: (await this.#client.send(part)).ETag, PartNumber })
      }
      const whole = { ...upload, MultipartUpload: { Parts } }
      await this.#client.send(new CompleteMultipartUploadCommand(whole))
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => {})
      throw error
    }
  }

  #object(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${name}` }
  }
}

async function* parted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    held.push(piece)
    size += piece.length
    if (size < PART_SIZE) continue
    yield Buffer.concat(held)
    held = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(held)
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotFound' || error.name === 'NoSuchKey')
}
