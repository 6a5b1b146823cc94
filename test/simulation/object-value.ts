import { createHash } from 'node:crypto'
import type { Checksum } from '../../src/model/checksum.ts'
import type { StorageClass } from '../../src/model/storage-class.ts'
import type { Tags } from '../../src/store/object-store.ts'
import { bytesOf } from './body.ts'
import { tagsOf } from './mark.ts'
import type { BodySpec, CopyStep, PutStep } from './step.ts'

/** An object as a client knows it. What only the store decides is null until it was told. */
export interface ObjectValue {
  readonly content: Buffer
  readonly etag: string
  readonly mark: string
  readonly tags: Tags
  readonly storageClass: StorageClass
  lastModified: number | null
  checksum: Checksum | null
}

export interface PartValue {
  readonly content: Buffer
  readonly etag: string
}

export function putValue({ body, mark, storageClass = 'STANDARD' }: PutStep): ObjectValue {
  const { content, etag } = partValue(body)
  const tags = tagsOf(mark)
  return { content, etag, mark, tags, storageClass, lastModified: null, checksum: null }
}

export function copiedValue(value: ObjectValue, step: CopyStep): ObjectValue {
  const { storageClass = value.storageClass } = step
  return { ...value, storageClass, lastModified: null, checksum: null }
}

/** What Complete makes of these parts. */
export function completedValue(
  parts: readonly PartValue[],
  { mark, storageClass }: Pick<ObjectValue, 'mark' | 'storageClass'>,
): ObjectValue {
  const content = Buffer.concat(parts.map((part) => part.content))
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  const etag = `${md5(digests)}-${parts.length}`
  const tags = tagsOf(mark)
  return { content, etag, mark, tags, storageClass, lastModified: null, checksum: null }
}

export function partValue(body: BodySpec): PartValue {
  return partOf(bytesOf(body))
}

export function partOf(content: Buffer): PartValue {
  return { content, etag: md5(content) }
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
