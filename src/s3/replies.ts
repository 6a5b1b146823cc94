import type { S3Reply } from './request.ts'

/** 200 with an XML document. */
export function xmlReply(body: string, headers: Readonly<Record<string, string>> = {}): S3Reply {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body }
}

/** 200 without a body. */
export function emptyReply(headers: Readonly<Record<string, string>> = {}): S3Reply {
  return { status: 200, headers }
}

/** 204: done, nothing to say. */
export function noContent(headers: Readonly<Record<string, string>> = {}): S3Reply {
  return { status: 204, headers }
}
