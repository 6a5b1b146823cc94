/** A server with buckets for forms, and web sites' and browsers' part of uploading to it. */
import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import type { Acl } from '../../../src/model/acl.ts'
import type { BucketName } from '../../../src/model/bucket-name.ts'
import { credential, S3Server } from '../../http/support/s3-server.ts'
import { bytesOf, key, neverAborted } from '../../store/store-requests.ts'

/** Changes what was signed. */
export type Bend = (fields: Record<string, string>) => void

export const set =
  (name: string, value: string): Bend =>
  (fields) => {
    fields[name] = value
  }
export const unset =
  (name: string): Bend =>
  (fields) => {
    delete fields[name]
  }

export type Fields = Readonly<Record<string, string>>

export interface Upload {
  readonly bucket?: string
  readonly fields?: Fields
  /** Beside one for each field that none of these names. */
  readonly conditions?: readonly unknown[]
  readonly expiresInMs?: number
  readonly file?: string | Uint8Array
  readonly fileName?: string
  readonly bend?: Bend
  readonly headers?: Fields
}

export class FormBed implements AsyncDisposable {
  readonly server: S3Server

  private constructor(server: S3Server) {
    this.server = server
  }

  /** With the buckets `forms`, `listed` and `open`: ever more open. */
  static async open(): Promise<FormBed> {
    const bed = new FormBed(await S3Server.open({ storeOptions: { newBucketAccess: 'acl' } }))
    await bed.bucket('private', 'forms')
    await bed.bucket('public-read', 'listed')
    await bed.bucket('public-read-write', 'open')
    return bed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }

  bucket(acl: Acl, name: string): Promise<void> {
    return this.server.store.createBucket(name as BucketName, { region: 'us-east-1', acl })
  }

  /** Signs as the server of some web site would, and posts as a browser would. */
  post(upload: Upload): Promise<Response> {
    const { bucket = 'forms', fields = {} } = upload
    const signed = signedFields(bucket, fields, upload)
    upload.bend?.(signed)
    return this.send(bucket, signed, upload)
  }

  send(bucket: string, fields: Fields, upload: Upload = {}): Promise<Response> {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob([upload.file ?? 'content']), upload.fileName ?? 'name.txt')
    return fetch(`${this.server.endpoint}/${bucket}`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
      headers: upload.headers ?? {},
    })
  }

  async stored(name: string, bucket = 'forms') {
    const object = await this.server.store.getObject({
      bucket: bucket as BucketName,
      key: key(name),
      conditions: {},
      signal: neverAborted,
    })
    return { ...object, content: await bytesOf(object.body) }
  }

  /** Status and code of what must be refused, and that nothing is there after it. */
  async refused(reply: Response, name: string, bucket = 'forms'): Promise<string> {
    const code = /<Code>(.*?)<\/Code>/.exec(await reply.text())?.[1]
    const isStored = await this.stored(name, bucket).then(
      () => true,
      () => false,
    )
    expect(isStored).toBe(false)
    return `${reply.status} ${code}`
  }
}

export function signedFields(
  bucket: string,
  fields: Fields,
  { conditions = [], expiresInMs = 60_000 }: Pick<Upload, 'conditions' | 'expiresInMs'> = {},
): Record<string, string> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const own = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${credential.accessKey}/${date.slice(0, 8)}/us-east-1/s3/aws4_request`,
    'x-amz-date': date,
  }
  const named = new Set(conditions.flatMap((one) => nameOfCondition(one)))
  const exact = Object.entries({ ...fields, ...own })
    .filter(([name]) => !named.has(name.toLowerCase()) && !name.startsWith('x-ignore-'))
    .map(([name, value]) => ({ [name]: value }))
  const policy = encoded({
    expiration: new Date(Date.now() + expiresInMs).toISOString(),
    conditions: [{ bucket }, ...exact, ...conditions],
  })
  return withPolicy({ ...fields, ...own }, policy)
}

/** The form with this policy, rightly signed. */
export function withPolicy(fields: Fields, policy: string): Record<string, string> {
  const scope = fields['x-amz-credential']?.split('/').slice(1) ?? []
  let signing: Buffer = Buffer.from(`AWS4${credential.secretKey}`)
  for (const part of scope) signing = createHmac('sha256', signing).update(part).digest()
  const signature = createHmac('sha256', signing).update(policy).digest('hex')
  return { ...fields, policy, 'x-amz-signature': signature }
}

export function encoded(policy: unknown): string {
  return Buffer.from(JSON.stringify(policy)).toString('base64')
}

function nameOfCondition(condition: unknown): string[] {
  if (!Array.isArray(condition) || typeof condition[1] !== 'string') return []
  return [condition[1].replace(/^\$/, '').toLowerCase()]
}
