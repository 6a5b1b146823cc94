import { BlobEngine, type BlobEngineOptions } from '../../src/engine/blob-engine.ts'
import type { BlobRef } from '../../src/engine/blob-store.ts'
import type { EngineEvent } from '../../src/engine/events.ts'
import type { LineageEntry } from '../../src/engine/lookup/lineage.ts'
import type { Heat } from '../../src/engine/tiering/heat.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { LocalSegments } from '../../src/segment/local-segments.ts'
import type { TierDirectories } from '../../src/segment/tier-directories.ts'
import type { Tier } from '../../src/segment/types.ts'
import { openSegments } from '../segment/fixture.ts'

export const chunkSize = 1024

export interface OpenEngine extends AsyncDisposable {
  readonly segments: LocalSegments
  readonly engine: BlobEngine
  readonly events: EngineEvent[]
}

export async function openEngine(
  fs: FileSystem,
  options: Partial<BlobEngineOptions> & {
    seed?: number
    lineage?: readonly LineageEntry[]
    tiers?: TierDirectories
    heat?: Heat
  } = {},
): Promise<OpenEngine> {
  const { tiers = {}, heat } = options
  const segments = await openSegments(fs, { seed: options.seed ?? 1, tiers })
  const events: EngineEvent[] = []
  const engine = await BlobEngine.open({
    segments,
    options: { chunkSizeMax: chunkSize, segmentSizeMax: 64 * 1024, ...options },
    lineage: options.lineage ?? [],
    ...(heat === undefined ? {} : { heat }),
    listener: (event) => events.push(event),
  })
  return {
    segments,
    engine,
    events,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await segments[Symbol.asyncDispose]()
    },
  }
}

export async function* pieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export function append(
  engine: BlobEngine,
  bytes: Buffer,
  { label = 'label', tier = 'hot' as Tier } = {},
): Promise<BlobRef> {
  const signal = new AbortController().signal
  return engine.append(pieces(bytes), { label: Buffer.from(label), tier, signal })
}

export async function readBack(engine: BlobEngine, ref: BlobRef): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const signal = new AbortController().signal
  for await (const part of engine.read(ref, { start: 0, end: ref.size }, signal)) parts.push(part)
  return Buffer.concat(parts)
}

/** Bytes that do not compress. */
export function noise(size: number, seed = 1): Buffer {
  return new SeededRandom(seed).bytes(size)
}
