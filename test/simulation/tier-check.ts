import type { StorageClass } from '../../src/model/storage-class.ts'
import { bounds, type Stack } from './stack.ts'
import type { BucketState, FoundObject, StoreState } from './store-state.ts'

/** What does not belong in the hot tier. AWS knows no tiers: this is what Varve makes of classes. */
const classesOf = {
  warm: ['STANDARD_IA', 'ONEZONE_IA'],
  cold: ['GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'],
} as const satisfies Record<string, readonly StorageClass[]>

/**
 * What is wrong with the tiers that bytes were put in, in words. Only small bodies wait for theirs,
 * and none once all is in its place, but for versions that others had replaced by then.
 */
export function checkTiers(
  { segments }: Pick<Stack, 'segments'>,
  state: StoreState,
  { isInPlace }: { readonly isInPlace: boolean },
): string[] {
  if (segments.tiers.length === 1) return []
  const problems: string[] = []
  for (const [bucket, { usage, ...found }] of state) {
    const held = objectsIn(found)
    for (const tier of ['warm', 'cold'] as const) {
      const classes: readonly StorageClass[] = classesOf[tier]
      const belonging = held.filter(({ head }) => classes.includes(head.storageClass))
      const isPrompt = isInPlace && found.versions.size === 0
      const placed = belonging.filter((object) => isPrompt || !mayWait(object))
      const [least, most] = [sizeOf(placed), sizeOf(belonging)]
      const { bytes } = usage.tiers[tier]
      if (bytes >= least && bytes <= most) continue
      problems.push(`${bytes} bytes of ${bucket} are ${tier}, not ${least} to ${most}`)
    }
  }
  return problems
}

/** A state in which all that is told of places and of what they cost is left out. */
export function whereverItLies(state: StoreState): StoreState {
  const nowhere = { bytes: 0, storedBytes: 0 }
  const tiers = { hot: nowhere, warm: nowhere, cold: nowhere }
  const placeless = [...state].map(([name, bucket]) => {
    const usage = { ...bucket.usage, storedBytes: 0, tiers }
    return [name, { ...bucket, usage }] as const
  })
  return new Map(placeless)
}

function objectsIn({ objects, versions }: Omit<BucketState, 'usage'>): readonly FoundObject[] {
  if (versions.size === 0) return [...objects.values()]
  const all = [...versions.values()].flat().map(({ object }) => object)
  return all.filter((object) => object !== null)
}

function mayWait({ head, content }: FoundObject): boolean {
  return head.partsCount === null && content.length <= bounds.inlineSizeMax
}

function sizeOf(objects: readonly FoundObject[]): number {
  return objects.reduce((sum, { content }) => sum + content.length, 0)
}
