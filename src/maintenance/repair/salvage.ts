/**
 * Brings objects and parts back whose rows are lost: every large blob says beside its bytes what it
 * was. What was deleted after the rows were lost comes back with them, for nothing tells the two
 * apart: so this is done only when commits are known to be missing, and all of it is listed.
 */
import type { BlobRef } from '../../engine/blob-store.ts'
import { Crc64Pool } from '../../store/crc64-pool.ts'
import { BodyDigester, type Digests } from '../../store/digests.ts'
import type { Label } from '../../store/label.ts'
import { storedSizeOf } from '../../store/rows/blob-ref-field.ts'
import {
  decodeBucket,
  decodeNextBucket,
  encodeBucket,
  encodeNextBucket,
} from '../../store/rows/bucket-row.ts'
import {
  bucketKey,
  nextBucketKey,
  objectKey,
  partKey,
  spaces,
  stackKey,
  uploadIdOfUpload,
  uploadKey,
} from '../../store/rows/keys.ts'
import { decodeObjectHead, encodeObjectRow } from '../../store/rows/object-row.ts'
import { encodePart } from '../../store/rows/part-row.ts'
import { encodeUpload } from '../../store/rows/upload-row.ts'
import { unversioned } from '../../store/rows/version-field.ts'
import { blobName, type FoundRecipe, refOf } from './found-blobs.ts'
import type { RepairAction, RepairContext } from './repair-context.ts'

export interface SalvageParts {
  /** Reads a blob whole. */
  readonly read: (ref: BlobRef) => AsyncIterable<Uint8Array>
  /** Whether a row names the blob. */
  readonly isNamed: (name: string) => boolean
  /** Of a bucket that has to be made again. */
  readonly region: string
}

interface Candidate {
  readonly ref: BlobRef
  readonly recipe: FoundRecipe
  readonly label: Label
}

const NO_ATTRIBUTES = { headers: {}, metadata: new Map<string, string>(), tags: [] }

export async function salvage(context: RepairContext, parts: SalvageParts): Promise<void> {
  const salvager = new Salvager(context, parts, await Crc64Pool.open())
  for (const candidate of newestFirst(context, parts)) {
    if (candidate.label.kind === 'object') await salvager.object(candidate, candidate.label)
    else await salvager.part(candidate, candidate.label)
  }
}

function newestFirst({ found }: RepairContext, { isNamed }: SalvageParts): readonly Candidate[] {
  const candidates: Candidate[] = []
  for (const [name, recipe] of found.recipes) {
    const entry = found.table.get(recipe.blob)
    const { label } = recipe
    if (isNamed(name) || entry === undefined || label === null) continue
    const ref = refOf(recipe, entry)
    if (ref !== null) candidates.push({ ref, recipe, label })
  }
  return candidates.sort((left, right) => right.label.writtenAt - left.label.writtenAt)
}

class Salvager {
  readonly #context: RepairContext
  readonly #parts: SalvageParts
  readonly #crc64: Crc64Pool
  /** Keys and parts for which a newer blob was met. */
  readonly #taken = new Set<string>()

  constructor(context: RepairContext, parts: SalvageParts, crc64: Crc64Pool) {
    this.#context = context
    this.#parts = parts
    this.#crc64 = crc64
  }

  async object(candidate: Candidate, label: Label & { readonly kind: 'object' }): Promise<void> {
    const { draft } = this.#context
    const { bucket, key, writtenAt, attributes } = label
    const path = `${bucket}/${key}`
    const id = await this.#bucketId(bucket)
    const row = objectKey(id, key)
    const current = draft.get(row)
    const isOlder = current !== null && decodeObjectHead(current).modifiedAt >= writtenAt
    // With versions of its key still there, its place among them is not known.
    const isAmong = draft.get(stackKey(id, key)) !== null
    if (isOlder || isAmong || this.#taken.has(path)) {
      if (isAmong)
        this.#tell(candidate, { action: 'kept', what: path, why: 'other versions of it are there' })
      return
    }
    this.#taken.add(path)
    if (current !== null)
      return this.#tell(candidate, {
        action: 'kept',
        what: path,
        why: 'an older one is in its place',
      })
    const { md5, checksums } = await this.#digests(candidate.ref)
    const digest = checksums.get('CRC64NVME') ?? Buffer.alloc(8)
    const { ref } = candidate
    const fields = {
      isShared: false,
      hasPartList: false,
      storageClass: 'STANDARD',
      checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', digest },
      partCount: 0,
      partChecksum: null,
      size: ref.size,
      modifiedAt: writtenAt,
      etag: md5,
      storedSize: storedSizeOf(ref),
      tier: 'hot',
      bodyId: ref.blob,
      uploadId: null,
      version: unversioned,
      attributes: attributes ?? NO_ATTRIBUTES,
      body: { kind: 'blob', ref },
    } as const
    await draft.set(row, encodeObjectRow(fields))
    const why = attributes === null ? 'its attributes are lost' : 'its row was lost'
    this.#tell(candidate, { action: 'salvaged', what: path, why })
  }

  async part(candidate: Candidate, label: Label & { readonly kind: 'part' }): Promise<void> {
    const { draft } = this.#context
    const { bucket, key, uploadId, partNumber, writtenAt } = label
    const row = partKey(uploadId, partNumber)
    const path = `part ${partNumber} of upload ${uploadId.toString('hex')} of ${bucket}/${key}`
    if (draft.get(row) !== null || this.#taken.has(path)) return
    this.#taken.add(path)
    const id = await this.#bucketId(bucket)
    const known = draft.rows(spaces.upload).some((each) => {
      return uploadIdOfUpload(each.key).equals(uploadId)
    })
    if (!known) {
      const initiatedAt = uploadId.readUIntBE(0, 6)
      const storageClass = 'STANDARD' as const
      const upload = { storageClass, checksum: null, initiatedAt, attributes: NO_ATTRIBUTES }
      await draft.set(uploadKey(id, Buffer.from(key), uploadId), encodeUpload(upload))
    }
    const { md5, checksums } = await this.#digests(candidate.ref)
    const digest = checksums.get('CRC64NVME') ?? Buffer.alloc(8)
    const digests = [{ algorithm: 'CRC64NVME' as const, digest }]
    const { ref } = candidate
    await draft.set(row, encodePart({ modifiedAt: writtenAt, md5, digests, ref }))
    this.#tell(candidate, {
      action: 'salvaged',
      what: path,
      why: 'its row was lost; complete the upload to have it',
    })
  }

  /** Made again, with nobody but its owner let in, when it is not there. */
  async #bucketId(name: string): Promise<number> {
    const { draft, clock, actions } = this.#context
    const row = draft.get(bucketKey(name))
    if (row !== null) return decodeBucket(row).id
    const id = decodeNextBucket(draft.get(nextBucketKey))
    const { region } = this.#parts
    const fields = { id, createdAt: clock.now(), region, versioning: 'unversioned' } as const
    await draft.set(bucketKey(name), encodeBucket(fields))
    await draft.set(nextBucketKey, encodeNextBucket(id + 1))
    actions.push({ action: 'salvaged', what: `bucket ${name}`, why: 'blobs say that it was there' })
    return id
  }

  async #digests(ref: BlobRef): Promise<Digests> {
    const digester = await BodyDigester.open(this.#crc64, ['CRC64NVME'])
    try {
      for await (const piece of this.#parts.read(ref)) digester.update(piece)
      return digester.finish()
    } finally {
      digester.close()
    }
  }

  #tell({ recipe, ref }: Candidate, { action, what, why }: RepairAction): void {
    const where = `${ref.size} bytes, blob ${blobName(recipe.blob)}`
    this.#context.actions.push({ action, what, why: `${why} (${where})` })
  }
}
