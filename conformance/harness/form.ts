/** A form upload, as the server of a web site signs it and gives it to a browser. */
import { createHmac } from 'node:crypto'
import type { Endpoint } from './server-process.ts'

export interface FormTarget {
  readonly bucket: string
  /** Below `up/`: no other is allowed. */
  readonly key: string
  /** At most so many bytes, and at least one. */
  readonly size: number
}

/** All of it but the file, which comes last. It asks for status 201. */
export function signedForm(endpoint: Endpoint, { bucket, key, size }: FormTarget): FormData {
  const { credentials, region } = endpoint
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request']
  const fields = {
    success_action_status: '201',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [credentials.accessKey, ...scope].join('/'),
    'x-amz-date': date,
  }
  const document = {
    expiration: new Date(Date.now() + 600_000).toISOString(),
    conditions: [
      { bucket },
      ['starts-with', '$key', 'up/'],
      ['content-length-range', 1, size],
      ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ],
  }
  const policy = Buffer.from(JSON.stringify(document)).toString('base64')
  let signing: Buffer = Buffer.from(`AWS4${credentials.secretKey}`)
  for (const part of scope) signing = createHmac('sha256', signing).update(part).digest()
  const signature = createHmac('sha256', signing).update(policy).digest('hex')
  const form = new FormData()
  const all = { ...fields, key, policy, 'x-amz-signature': signature }
  for (const [name, value] of Object.entries(all)) form.append(name, value)
  return form
}
