import type { Brand } from '../base/brand.ts'

/** A bucket name that satisfies AWS's rules. Made only by `parseBucketName`. */
export type BucketName = Brand<string, 'BucketName'>

const SHAPE = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
// A label of a host name neither is empty nor starts or ends with a dash.
const ADJACENT = /\.\.|\.-|-\./
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-']
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/**
 * Null when the name breaks a rule of "General purpose bucket naming rules" (AWS S3 User Guide).
 */
export function parseBucketName(text: string): BucketName | null {
  if (text !== last.text) last = { text, name: parse(text) }
  return last.name
}

/** Requests that come together mostly name one bucket. */
let last: { readonly text: string; readonly name: BucketName | null } = { text: '', name: null }

function parse(text: string): BucketName | null {
  if (!SHAPE.test(text) || ADJACENT.test(text) || IPV4.test(text)) return null
  if (RESERVED_PREFIXES.some((prefix) => text.startsWith(prefix))) return null
  if (RESERVED_SUFFIXES.some((suffix) => text.endsWith(suffix))) return null
  return text as BucketName
}
