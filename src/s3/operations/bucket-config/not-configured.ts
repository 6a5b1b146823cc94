import { S3Error, type S3ErrorCode } from '../../errors.ts'
import type { DecodeRequest } from '../../operation.ts'
import { type Operation, operation, type Route } from '../../operation.ts'
import { noContent, xmlReply } from '../../replies.ts'
import { requireBucket } from '../../resource-names.ts'

/**
 * Sub-resources that clients ask for and nobody can set here. They answer as AWS does for a bucket
 * where nothing is configured; what would set them is refused, so nobody believes that it acts.
 */
interface Row {
  /** AWS's name of the operation. */
  readonly name: string
  readonly query: Route['query'] & {}
  readonly action: string
}

/** A GET that says, with AWS's own code, that there is no such configuration. */
export function absent(row: Row, code: S3ErrorCode): Operation {
  return operation({
    name: row.name,
    route: { method: 'GET', resource: 'bucket', query: row.query },
    action: row.action,
    support: 'neutral',
    decode: (request) => requireBucket(request.bucket),
    async handle({ store }, bucket) {
      await store.getBucket(bucket)
      throw new S3Error(code, { BucketName: bucket })
    },
  })
}

/** A GET whose document is the same for every bucket. */
export function constant(row: Row, document: string): Operation {
  return operation({
    name: row.name,
    route: { method: 'GET', resource: 'bucket', query: row.query },
    action: row.action,
    support: 'neutral',
    decode: (request) => requireBucket(request.bucket),
    async handle({ store }, bucket) {
      await store.getBucket(bucket)
      return xmlReply(document)
    },
  })
}

/** A DELETE of what is not there: done, as S3 says. */
export function removed(row: Row): Operation {
  return operation({
    name: row.name,
    route: { method: 'DELETE', resource: 'bucket', query: row.query },
    action: row.action,
    support: 'neutral',
    decode: (request) => requireBucket(request.bucket),
    async handle({ store }, bucket) {
      await store.getBucket(bucket)
      return noContent()
    },
  })
}

/** Anything else: NotImplemented, before the body is read. */
export function refused(row: Omit<Row, 'query'> & { readonly route: Route }): Operation {
  return operation({
    name: row.name,
    route: row.route,
    action: row.action,
    support: 'refused',
    decode(request: DecodeRequest): never {
      if (request.bucket !== null) requireBucket(request.bucket)
      throw new S3Error(
        'NotImplemented',
        { Operation: row.name },
        { message: `${row.name} is not implemented: nothing was changed.` },
      )
    },
    handle: () => Promise.reject(new S3Error('NotImplemented')),
  })
}

/** As `refused`, for a PUT of a bucket's sub-resource. */
export function refusedPut(row: Row): Operation {
  return refused({ ...row, route: { method: 'PUT', resource: 'bucket', query: row.query } })
}
