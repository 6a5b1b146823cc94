import type { BucketInfo } from '../../store/object-store.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

export interface BucketListing {
  readonly buckets: readonly BucketInfo[]
  /** Of them all; S3 tells it only to who asks with a parameter of paging: else null. */
  readonly region: string | null
  readonly prefix: string | null
  readonly continuationToken: string | null
}

export function listAllMyBucketsResult(listing: BucketListing): string {
  return xmlDocument('ListAllMyBucketsResult', [
    ownerElement('Owner'),
    parent(
      'Buckets',
      listing.buckets.map((bucket) =>
        parent('Bucket', [
          element('Name', bucket.name),
          element('CreationDate', xmlTime(bucket.createdAt)),
          element('BucketRegion', listing.region),
        ]),
      ),
    ),
    element('ContinuationToken', listing.continuationToken),
    element('Prefix', listing.prefix),
  ])
}
