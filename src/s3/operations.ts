import type { Operation } from './operation.ts'
import { createBucket } from './operations/bucket/create-bucket.ts'
import { deleteBucket } from './operations/bucket/delete-bucket.ts'
import { getBucketLocation } from './operations/bucket/get-bucket-location.ts'
import { headBucket } from './operations/bucket/head-bucket.ts'
import { listObjectVersions } from './operations/bucket/list-object-versions.ts'
import { listObjects } from './operations/bucket/list-objects.ts'
import { listObjectsV2 } from './operations/bucket/list-objects-v2.ts'
import {
  getBucketAccelerateConfiguration,
  putBucketAccelerateConfiguration,
} from './operations/bucket-config/accelerate.ts'
import {
  getBucketAcl,
  getObjectAcl,
  putBucketAcl,
  putObjectAcl,
} from './operations/bucket-config/acl.ts'
import {
  deleteBucketAnalyticsConfiguration,
  getBucketAnalyticsConfiguration,
  listBucketAnalyticsConfigurations,
  putBucketAnalyticsConfiguration,
} from './operations/bucket-config/analytics.ts'
import { deleteBucketCors, getBucketCors, putBucketCors } from './operations/bucket-config/cors.ts'
import {
  deleteBucketEncryption,
  getBucketEncryption,
  putBucketEncryption,
} from './operations/bucket-config/encryption.ts'
import {
  deleteBucketIntelligentTieringConfiguration,
  getBucketIntelligentTieringConfiguration,
  listBucketIntelligentTieringConfigurations,
  putBucketIntelligentTieringConfiguration,
} from './operations/bucket-config/intelligent-tiering.ts'
import {
  deleteBucketInventoryConfiguration,
  getBucketInventoryConfiguration,
  listBucketInventoryConfigurations,
  putBucketInventoryConfiguration,
} from './operations/bucket-config/inventory.ts'
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from './operations/bucket-config/lifecycle.ts'
import { getBucketLogging, putBucketLogging } from './operations/bucket-config/logging.ts'
import {
  deleteBucketMetricsConfiguration,
  getBucketMetricsConfiguration,
  listBucketMetricsConfigurations,
  putBucketMetricsConfiguration,
} from './operations/bucket-config/metrics.ts'
import {
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
} from './operations/bucket-config/notification.ts'
import {
  getObjectLockConfiguration,
  putObjectLockConfiguration,
} from './operations/bucket-config/object-lock.ts'
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from './operations/bucket-config/ownership-controls.ts'
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './operations/bucket-config/policy.ts'
import { preflightBucket, preflightObject } from './operations/bucket-config/preflight.ts'
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from './operations/bucket-config/public-access-block.ts'
import {
  deleteBucketReplication,
  getBucketReplication,
  putBucketReplication,
} from './operations/bucket-config/replication.ts'
import {
  getBucketRequestPayment,
  putBucketRequestPayment,
} from './operations/bucket-config/request-payment.ts'
import {
  deleteBucketTagging,
  getBucketTagging,
  putBucketTagging,
} from './operations/bucket-config/tagging.ts'
import { getBucketVersioning, putBucketVersioning } from './operations/bucket-config/versioning.ts'
import {
  deleteBucketWebsite,
  getBucketWebsite,
  putBucketWebsite,
} from './operations/bucket-config/website.ts'
import { abortMultipartUpload } from './operations/multipart/abort-multipart-upload.ts'
import { completeMultipartUpload } from './operations/multipart/complete-multipart-upload.ts'
import { createMultipartUpload } from './operations/multipart/create-multipart-upload.ts'
import { listMultipartUploads } from './operations/multipart/list-multipart-uploads.ts'
import { listParts } from './operations/multipart/list-parts.ts'
import { uploadPart } from './operations/multipart/upload-part.ts'
import { uploadPartCopy } from './operations/multipart/upload-part-copy.ts'
import { notImplementedOperations } from './operations/not-implemented.ts'
import { copyObject } from './operations/object/copy-object.ts'
import { deleteObject } from './operations/object/delete-object.ts'
import { deleteObjects } from './operations/object/delete-objects.ts'
import { getObject } from './operations/object/get-object.ts'
import { getObjectAttributes } from './operations/object/get-object-attributes.ts'
import { headObject } from './operations/object/head-object.ts'
import {
  getObjectLegalHold,
  getObjectRetention,
  putObjectLegalHold,
  putObjectRetention,
} from './operations/object/object-lock.ts'
import {
  deleteObjectTagging,
  getObjectTagging,
  putObjectTagging,
} from './operations/object/object-tagging.ts'
import { postObject } from './operations/object/post-object.ts'
import { putObject } from './operations/object/put-object.ts'
import { listBuckets } from './operations/service/list-buckets.ts'

/**
 * THE table: every operation once, in routing order. Routing, authorisation, metrics and the
 * compatibility page are derived from it; what is not here is not served.
 */
export const operations: readonly Operation[] = [
  listBuckets,

  createBucket,
  deleteBucket,
  headBucket,
  getBucketLocation,
  listObjectsV2,
  listObjects,
  listObjectVersions,

  getObject,
  headObject,
  copyObject,
  putObject,
  postObject,
  deleteObject,
  deleteObjects,
  getObjectAttributes,
  getObjectTagging,
  putObjectTagging,
  deleteObjectTagging,
  getObjectRetention,
  putObjectRetention,
  getObjectLegalHold,
  putObjectLegalHold,

  createMultipartUpload,
  uploadPartCopy,
  uploadPart,
  completeMultipartUpload,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,

  getBucketAcl,
  putBucketAcl,
  getObjectAcl,
  putObjectAcl,
  getBucketVersioning,
  putBucketVersioning,
  getBucketPolicy,
  putBucketPolicy,
  deleteBucketPolicy,
  getBucketPolicyStatus,
  getBucketCors,
  putBucketCors,
  deleteBucketCors,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
  deleteBucketLifecycle,
  getBucketTagging,
  putBucketTagging,
  deleteBucketTagging,
  getBucketWebsite,
  putBucketWebsite,
  deleteBucketWebsite,
  getBucketReplication,
  putBucketReplication,
  deleteBucketReplication,
  getBucketEncryption,
  putBucketEncryption,
  deleteBucketEncryption,
  getObjectLockConfiguration,
  putObjectLockConfiguration,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
  deleteBucketOwnershipControls,
  getPublicAccessBlock,
  putPublicAccessBlock,
  deletePublicAccessBlock,
  getBucketRequestPayment,
  putBucketRequestPayment,
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
  getBucketLogging,
  putBucketLogging,
  getBucketAccelerateConfiguration,
  putBucketAccelerateConfiguration,
  getBucketAnalyticsConfiguration,
  listBucketAnalyticsConfigurations,
  putBucketAnalyticsConfiguration,
  deleteBucketAnalyticsConfiguration,
  getBucketInventoryConfiguration,
  listBucketInventoryConfigurations,
  putBucketInventoryConfiguration,
  deleteBucketInventoryConfiguration,
  getBucketMetricsConfiguration,
  listBucketMetricsConfigurations,
  putBucketMetricsConfiguration,
  deleteBucketMetricsConfiguration,
  getBucketIntelligentTieringConfiguration,
  listBucketIntelligentTieringConfigurations,
  putBucketIntelligentTieringConfiguration,
  deleteBucketIntelligentTieringConfiguration,
  preflightBucket,
  preflightObject,

  ...notImplementedOperations,
]
