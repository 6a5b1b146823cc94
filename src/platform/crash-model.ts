import type { ChunkedBytes } from './chunked-bytes.ts'
import { SeededRandom } from './seeded-random.ts'

/**
 * What may be left after a crash.
 * - `lose-all`: power loss; only what was synced.
 * - `keep-all`: power loss just after the disk happened to write everything.
 * - `subset`: power loss; each unsynced write and name kept or lost by itself.
 * - `torn`: as `subset`, but every write is kept or lost sector by sector.
 * - `kill`: the process died and the machine did not: all is there, and still not durable.
 */
export const crashModels = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const
export type CrashModel = (typeof crashModels)[number]

export type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number }

/** Decides, change by change, what an unsynced state leaves behind. */
export interface Survival {
  /** Whether an unsynced name change survives. */
  keepsName(): boolean
  /** Applies what survives of an unsynced change of a file. */
  apply(image: ChunkedBytes, change: FileChange): void
}

/** Disks write sectors whole: a torn write is torn between them. */
const SECTOR_SIZE = 512

export function survivalOf(model: Exclude<CrashModel, 'kill'>, seed: number): Survival {
  switch (model) {
    case 'lose-all':
      return { keepsName: () => false, apply: () => {} }
    case 'keep-all':
      return { keepsName: () => true, apply: applyChange }
    case 'subset':
      return subset(new SeededRandom(seed))
    case 'torn':
      return torn(new SeededRandom(seed))
  }
}

export function applyChange(image: ChunkedBytes, change: FileChange): void {
  if (change.kind === 'write') image.write(change.bytes, change.position)
  else image.truncate(change.size)
}

function subset(random: SeededRandom): Survival {
  return {
    keepsName: () => random.chance(0.5),
    apply: (image, change) => {
      if (random.chance(0.5)) applyChange(image, change)
    },
  }
}

function torn(random: SeededRandom): Survival {
  return {
    keepsName: () => random.chance(0.5),
    apply: (image, change) => {
      if (change.kind === 'write') tear(image, change, random)
      else if (random.chance(0.5)) applyChange(image, change)
    },
  }
}

function tear(
  image: ChunkedBytes,
  write: FileChange & { readonly kind: 'write' },
  random: SeededRandom,
): void {
  // Between rare and frequent loss, so that a long write is sometimes all there but one sector.
  const lossRate = random.pick([0.05, 0.5, 0.95])
  const end = write.position + write.bytes.length
  for (let start = write.position; start < end; ) {
    const next = Math.min(end, (Math.floor(start / SECTOR_SIZE) + 1) * SECTOR_SIZE)
    const sector = write.bytes.subarray(start - write.position, next - write.position)
    if (!random.chance(lossRate)) image.write(sector, start)
    start = next
  }
  // A journalling file system may keep the new size and lose the bytes: they read as zeros.
  if (image.size < end && random.chance(0.5)) image.truncate(end)
}
