/** Multipart uploads through the SDK, step by step, on the server of a suite. */
import { createHash } from 'node:crypto'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { Fixture } from './fixture.ts'

export const MIB = 1024 * 1024
export const NO_SUCH_UPLOAD = { code: 'NoSuchUpload', status: 404 }

export interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

export class Uploads {
  readonly #varve: Fixture

  constructor(varve: Fixture) {
    this.#varve = varve
  }

  /** In a bucket of its own unless `more` names one. */
  async begin(more: Partial<CreateMultipartUploadCommandInput> = {}, key = 'k'): Promise<Upload> {
    const Bucket = more.Bucket ?? (await this.#varve.bucket())
    const reply = await this.#varve.sdk.send(
      new CreateMultipartUploadCommand({ Key: key, ...more, Bucket }),
    )
    expect(reply).toMatchObject({ Bucket, Key: key })
    return { Bucket, Key: key, UploadId: reply.UploadId ?? '' }
  }

  async part(upload: Upload, number: number, body: Uint8Array): Promise<CompletedPart> {
    const reply = await this.#varve.sdk.send(
      new UploadPartCommand({ ...upload, PartNumber: number, Body: body }),
    )
    expect(reply.ETag).toBe(`"${md5(body).toString('hex')}"`)
    return { PartNumber: number, ETag: reply.ETag }
  }

  async complete(
    upload: Upload,
    parts: CompletedPart[],
    more: Partial<CompleteMultipartUploadCommandInput> = {},
  ): Promise<CompleteMultipartUploadCommandOutput> {
    const input = { ...upload, MultipartUpload: { Parts: parts }, ...more }
    return await this.#varve.sdk.send(new CompleteMultipartUploadCommand(input))
  }

  async content(bucket: string, key = 'k', range?: string): Promise<Buffer> {
    const headers: Record<string, string> = range === undefined ? {} : { range }
    const path = `/${bucket}/${key}`
    return (await this.#varve.wire.send({ method: 'GET', path, headers })).body
  }
}

export function md5(data: Uint8Array): Buffer {
  return createHash('md5').update(data).digest()
}

/** MD5 of the parts' MD5s, and their number. */
export function multipartEtag(bodies: readonly Uint8Array[]): string {
  return `"${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-${bodies.length}"`
}
