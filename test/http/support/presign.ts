import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { S3Server } from './s3-server.ts'

/** Path and query of a presigned GET, for clients that only speak bytes. */
export async function presignedGet(server: S3Server, bucket: string, key: string) {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key })
  return targetOf(await getSignedUrl(server.client, command, { expiresIn: 600 }))
}

/** Path and query of a presigned PUT. */
export async function presignedPut(server: S3Server, bucket: string, key: string) {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key })
  return targetOf(await getSignedUrl(server.client, command, { expiresIn: 600 }))
}

function targetOf(signed: string): string {
  const url = new URL(signed)
  return `${url.pathname}${url.search}`
}
