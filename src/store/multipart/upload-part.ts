import type { ChecksumAlgorithm } from '../../model/checksum.ts'
import { attachBody, commitBody } from '../commit.ts'
import { StoreError } from '../errors.ts'
import { markGarbage } from '../garbage.ts'
import { partLabel } from '../label.ts'
import type { ObjectBody, PartInfo, UploadPartInput } from '../object-store.ts'
import { tierOf } from '../placement.ts'
import { partChangeKey, partKey } from '../rows/keys.ts'
import { decodePart, encodePart, type PartDigest, type PartFields } from '../rows/part-row.ts'
import type { StoredBody } from '../store-body.ts'
import type { StoreContext } from '../store-context.ts'
import { addUsage } from '../usage.ts'
import { DEFAULT_UPLOAD_ALGORITHM } from './create-upload.ts'
import { requireUpload, uploadIn } from './find-upload.ts'

/** Stores one part, in place of one uploaded before under its number. */
export async function uploadPart(context: StoreContext, input: UploadPartInput): Promise<PartInfo> {
  const { bucket, key, partNumber, body } = input
  const { id, upload } = requireUpload(context, input)
  requireAlgorithm(body, upload.checksum?.algorithm ?? null)
  const kept = upload.checksum?.algorithm ?? DEFAULT_UPLOAD_ALGORITHM
  const label = () => partLabel({ bucket, key, writtenAt: context.clock.now() }, id, partNumber)
  const tier = tierOf(upload.storageClass, context.engine.tiers)
  // Nothing takes a part to another tier later: it is written into its own at once.
  const place = tier === 'hot' ? { tier } : { tier, inlineSizeMax: 0 }
  const intake = { body, algorithms: [kept], label, ...place }
  return commitBody(context, intake, (change, stored) => {
    const found = uploadIn(change, input)
    if (found === null) throw new StoreError('no-such-upload')
    const rowKey = partKey(id, partNumber)
    const before = change.read(rowKey)
    const replaced = before === null ? null : decodePart(before).ref
    if (replaced !== null) markGarbage(change, replaced)

    const part = {
      modifiedAt: context.clock.now(),
      md5: stored.md5,
      digests: digestsToKeep(stored, kept),
    }
    const ref = attachBody(change, context.engine, stored)
    change.put(rowKey, (places) => encodePart({ ...part, ref: ref(places) }))
    change.add(partChangeKey(id), 1)
    addUsage(change, found.bucketId, { partBytes: stored.size - (replaced?.size ?? 0) })
    const shown = body.checksum?.algorithm ?? upload.checksum?.algorithm ?? null
    return partInfo(partNumber, { ...part, size: stored.size }, shown)
  })
}

/** A part in the words of the contract, with the checksum by `algorithm` if one is to be shown. */
export function partInfo(
  partNumber: number,
  part: Omit<PartFields, 'ref'> & { readonly size: number },
  algorithm: ChecksumAlgorithm | null,
): PartInfo {
  const digest = part.digests.find((kept) => kept.algorithm === algorithm)
  return {
    partNumber,
    size: part.size,
    etag: part.md5.toString('hex'),
    lastModified: part.modifiedAt,
    checksum:
      digest === undefined
        ? null
        : { algorithm: digest.algorithm, value: digest.digest.toString('base64') },
  }
}

/** A part's checksum is by the algorithm that the upload was created with, if it was with one. */
function requireAlgorithm(body: ObjectBody, expected: ChecksumAlgorithm | null): void {
  const actual = body.checksum?.algorithm
  if (expected === null || actual === undefined || actual === expected) return
  const message = `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual.toLowerCase()}`
  throw new StoreError('invalid-request', message)
}

/** The upload's own first; then the one the client named, which Complete may repeat. */
function digestsToKeep(stored: StoredBody, kept: ChecksumAlgorithm): readonly PartDigest[] {
  const digests = [...stored.checksums].map(([algorithm, digest]) => ({ algorithm, digest }))
  return digests.sort((one, other) => rank(one, kept) - rank(other, kept))
}

function rank({ algorithm }: PartDigest, kept: ChecksumAlgorithm): number {
  return algorithm === kept ? 0 : 1
}
