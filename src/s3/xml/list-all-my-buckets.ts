import type { BucketInfo } from '../../store/object-store.ts'
import { ownerElement } from './owner-element.ts'
import { element, parent, xmlDocument, xmlTime } from './write-xml.ts'

export interface BucketListing {
  readonly buckets: readonly BucketInfo[]
  /** S3 tells the region only to who asks with a parameter of paging. */
  readonly withRegion: boolean
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
          listing.withRegion ? element('BucketRegion', bucket.region) : '',
        ]),
      ),
    ),
    element('ContinuationToken', listing.continuationToken),
    element('Prefix', listing.prefix),
  ])
}
