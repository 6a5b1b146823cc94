import type { StorageClass } from '../../src/model/storage-class.ts'
import type { Tags } from '../../src/store/object-store.ts'

/** What a simulated client does: plain data, so that a history can be printed and replayed. */
export type Step =
  | { readonly kind: 'create-bucket'; readonly bucket: string }
  | { readonly kind: 'delete-bucket'; readonly bucket: string }
  | PutStep
  | { readonly kind: 'delete'; readonly bucket: string; readonly key: string }
  /** Of the version at this place among those that were begun under the key. */
  | {
      readonly kind: 'delete-version'
      readonly bucket: string
      readonly key: string
      readonly index: number
    }
  | { readonly kind: 'delete-many'; readonly bucket: string; readonly keys: readonly string[] }
  | CopyStep
  | MoveObjectStep
  | { readonly kind: 'tag'; readonly bucket: string; readonly key: string; readonly tags: Tags }
  | CreateUploadStep
  | {
      readonly kind: 'upload-part'
      readonly upload: number
      readonly partNumber: number
      readonly body: BodySpec
    }
  | {
      readonly kind: 'copy-part'
      readonly upload: number
      readonly partNumber: number
      readonly source: Address
    }
  | {
      readonly kind: 'complete'
      readonly upload: number
      readonly partNumbers: readonly number[]
    }
  | { readonly kind: 'abort'; readonly upload: number }

export interface PutStep {
  readonly kind: 'put'
  readonly bucket: string
  readonly key: string
  readonly body: BodySpec
  /** Marks metadata, content type and tags, so that old and new can be told apart. */
  readonly mark: string
  readonly ifNoneMatch?: '*'
  /** Default: STANDARD. */
  readonly storageClass?: StorageClass
}

export interface CopyStep {
  readonly kind: 'copy'
  readonly source: Address
  readonly bucket: string
  readonly key: string
  /** Default: the source's. */
  readonly storageClass?: StorageClass
}

/** To another storage class, as lifecycle rules do. */
export interface MoveObjectStep {
  readonly kind: 'move-object'
  readonly bucket: string
  readonly key: string
  readonly storageClass: StorageClass
  /** Of the version at this place, as in `delete-version`; without it of the current one. */
  readonly index?: number
}

/** `upload` names the upload within a history: its id is the store's choice. */
export interface CreateUploadStep {
  readonly kind: 'create-upload'
  readonly upload: number
  readonly bucket: string
  readonly key: string
  readonly mark: string
  /** Default: STANDARD. */
  readonly storageClass?: StorageClass
}

export interface Address {
  readonly bucket: string
  readonly key: string
}

/** Bytes that are the same for the same numbers. Odd seeds compress, even ones do not. */
export interface BodySpec {
  readonly seed: number
  readonly size: number
}

/** Steps of one round run at the same time; the next round starts when all have settled. */
export type Round =
  | { readonly steps: readonly Step[]; readonly beside?: Upkeep }
  /** Of the store as a whole. */
  | { readonly control: Control }

/** `restart` closes and opens; `kill` opens again what a dead process left. */
export type Control = Upkeep | 'restart' | 'kill'

/**
 * What a store does by itself while clients use it: `flush` writes rows to the index, `snapshot`
 * writes a catalog snapshot, `compact` gives the space of dead blobs back, `move` takes what has
 * aged, or has another storage class, to its tier.
 */
export const upkeeps = ['flush', 'snapshot', 'compact', 'move'] as const
export type Upkeep = (typeof upkeeps)[number]

/** Whether tiers make a difference to it: to all else they are but more files to look at. */
export function needsTiers(round: Round): boolean {
  if ('control' in round) return round.control === 'move'
  const isMoving = (step: Step) => 'storageClass' in step
  return round.beside === 'move' || round.steps.some(isMoving)
}

export function describeRound(round: Round): string {
  if ('control' in round) return `[${round.control}]`
  const steps = round.steps.map((step) => JSON.stringify(step))
  if (round.beside !== undefined) steps.push(`[${round.beside}]`)
  return steps.join(' || ')
}
