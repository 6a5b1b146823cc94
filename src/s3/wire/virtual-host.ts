import { S3Error } from '../errors.ts'
import { decodePercent } from './percent.ts'

export interface ResourceAddress {
  /** The Host header, or the authority of an absolute-form target; null when there is none. */
  readonly host: string | null
  readonly rawPath: string
  /** Names under which buckets are hosts, such as `s3.example.org` for `photos.s3.example.org`. */
  readonly domains: readonly string[]
}

export interface ResourceName {
  /** Decoded, not validated; null for the service itself. */
  readonly bucket: string | null
  /** Decoded, not validated; null for a bucket or the service. */
  readonly key: string | null
}

/**
 * Finds out which bucket and key a request means: `bucket.domain/key` when the host stands under
 * one of the domains, else `/bucket/key`. The path is decoded once, then split, so that `%2F` and
 * '/' mean the same for every reader of the result.
 *
 * @throws S3Error `InvalidURI` as `decodePercent` does
 */
export function resolveResource(address: ResourceAddress): ResourceName {
  const path = decodePercent(address.rawPath)
  if (!path.startsWith('/')) throw new S3Error('InvalidURI')
  const bucket = bucketOfHost(address.host, address.domains)
  if (bucket !== null) return { bucket, key: path.length === 1 ? null : path.slice(1) }

  if (path.length === 1) return { bucket: null, key: null }
  const slash = path.indexOf('/', 1)
  if (slash < 0) return { bucket: path.slice(1), key: null }
  return {
    bucket: path.slice(1, slash),
    key: slash === path.length - 1 ? null : path.slice(slash + 1),
  }
}

function bucketOfHost(host: string | null, domains: readonly string[]): string | null {
  if (host === null || domains.length === 0) return null
  const name = hostName(host)
  let bucket: string | null = null
  for (const domain of domains) {
    const base = hostName(domain)
    if (base === '') continue
    if (name === base) return null
    // The longest domain wins, that is the shortest bucket.
    if (!name.endsWith(`.${base}`)) continue
    const candidate = name.slice(0, -base.length - 1)
    if (bucket === null || candidate.length < bucket.length) bucket = candidate
  }
  return bucket
}

/** Lower case, without port and without the root dot; an IPv6 literal keeps its brackets. */
function hostName(host: string): string {
  const portAt = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  const name = portAt > 0 ? host.slice(0, portAt) : host
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
