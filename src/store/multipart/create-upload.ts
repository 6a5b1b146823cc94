import type { ChecksumAlgorithm } from '../../model/checksum.ts'
import { commit } from '../commit.ts'
import { requireAclAllowed } from '../configure-bucket.ts'
import { isCombinable } from '../crc-combine.ts'
import { StoreError } from '../errors.ts'
import { bucketIn } from '../find-bucket.ts'
import type { CreateUploadInput, UploadInfo } from '../object-store.ts'
import { uploadKey } from '../rows/keys.ts'
import { encodeUpload } from '../rows/upload-row.ts'
import type { StoreContext } from '../store-context.ts'
import { addUsage } from '../usage.ts'
import { uploadInfo } from './find-upload.ts'
import { makeUploadId } from './upload-ids.ts'

/** Of uploads for which the client asked for none, as S3 does; FULL_OBJECT. */
export const DEFAULT_UPLOAD_ALGORITHM: ChecksumAlgorithm = 'CRC64NVME'

export async function createUpload(
  context: StoreContext,
  input: CreateUploadInput,
): Promise<UploadInfo> {
  requireChecksumKind(input.checksum)
  const id = makeUploadId(context.clock, context.random)
  const upload = {
    storageClass: input.attributes.storageClass,
    checksum: input.checksum,
    initiatedAt: context.clock.now(),
    attributes: input.attributes,
  }
  await commit(context.catalog, (change) => {
    const { id: bucketId } = bucketIn(change, input.bucket)
    requireAclAllowed((row) => change.read(row), bucketId, input.attributes.acl)
    const key = uploadKey(bucketId, Buffer.from(input.key), id)
    if (change.read(key) !== null) throw new StoreError('conflict', 'upload id is taken')
    change.put(key, encodeUpload(upload))
    addUsage(change, bucketId, { uploads: 1 })
  })
  return uploadInfo(input.key, id, upload)
}

/** AWS S3 User Guide, "Checking object integrity": which types an algorithm can have. */
function requireChecksumKind(kind: CreateUploadInput['checksum']): void {
  if (kind === null) return
  const isPossible =
    kind.type === 'FULL_OBJECT' ? isCombinable(kind.algorithm) : kind.algorithm !== 'CRC64NVME'
  if (isPossible) return
  const message = `The ${kind.type} checksum type cannot be used with the ${kind.algorithm.toLowerCase()} checksum algorithm.`
  throw new StoreError('invalid-request', message)
}
