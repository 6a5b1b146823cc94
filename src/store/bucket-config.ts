/** What is configured of a bucket: part of the contract of the store. */
import type { Acl } from '../model/acl.ts'
import type { BucketName } from '../model/bucket-name.ts'
import type { Tags } from './object-store.ts'

export interface BucketConfigStore {
  /** Null when there is none. A kind that no bucket is without has an initial value. */
  getBucketConfig<Kind extends BucketConfigKind>(
    bucket: BucketName,
    kind: Kind,
  ): Promise<BucketConfigs[Kind] | null>
  /**
   * Replaces what there was.
   *
   * @throws StoreError `acls-disabled` or `public-access-blocked` for an ACL, `public-bucket-acl`
   *   for ownership: the kinds must agree with each other at every moment
   */
  putBucketConfig<Kind extends BucketConfigKind>(
    bucket: BucketName,
    kind: Kind,
    config: BucketConfigs[Kind],
  ): Promise<void>
  /** Succeeds when there is none. */
  deleteBucketConfig(bucket: BucketName, kind: BucketConfigKind): Promise<void>
  /** All that decides who may do what with a bucket, as of one moment. */
  getBucketAccess(bucket: BucketName): Promise<BucketAccess>
}

/** By kind. An initial value of ownership and public access block is AWS's since April 2023. */
export interface BucketConfigs {
  /** Initially `private`. */
  readonly acl: Acl
  readonly cors: readonly CorsRule[]
  /** Initially `BucketOwnerEnforced`; deleted: ACLs count, as with `ObjectWriter`. */
  readonly ownership: ObjectOwnership
  /** Initially all four; deleted: none. */
  readonly publicAccessBlock: PublicAccessBlock
  readonly tags: Tags
}
export type BucketConfigKind = keyof BucketConfigs

export type ObjectOwnership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'

/** AWS API Reference, PublicAccessBlockConfiguration. The last two speak of bucket policies. */
export interface PublicAccessBlock {
  /** No ACL can be set that is public. */
  readonly blockPublicAcls: boolean
  /** ACLs that are public give nobody anything. */
  readonly ignorePublicAcls: boolean
  readonly blockPublicPolicy: boolean
  readonly restrictPublicBuckets: boolean
}

export interface BucketAccess {
  readonly acl: Acl
  readonly ownership: ObjectOwnership | null
  readonly publicAccessBlock: PublicAccessBlock | null
}

export type CorsMethod = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'

/** AWS API Reference, CORSRule. */
export interface CorsRule {
  readonly id: string | null
  readonly methods: readonly CorsMethod[]
  /** Each with at most one `*`, which stands for any characters. */
  readonly origins: readonly string[]
  /** As `origins`, of names of headers in any case. */
  readonly headers: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeSeconds: number | null
}

/** Whether ACLs, of the bucket and of what is in it, give anybody anything. */
export function areAclsHeeded({ ownership, publicAccessBlock }: BucketAccess): boolean {
  return ownership !== 'BucketOwnerEnforced' && publicAccessBlock?.ignorePublicAcls !== true
}
