import { SeededRandom } from '../../src/platform/seeded-random.ts'
import type { BodySpec } from './step.ts'

const known = new Map<string, Buffer>()

/** The bytes a spec stands for. Cached; must not be changed. */
export function bytesOf({ seed, size }: BodySpec): Buffer {
  const name = `${seed}/${size}`
  const cached = known.get(name)
  if (cached !== undefined) return cached
  const random = new SeededRandom(seed)
  const bytes = random.bytes(size)
  if (seed % 2 === 1) {
    // Runs of one letter: small when compressed, and still different in every body.
    for (let start = 0; start < size; start += 64) {
      bytes.fill(bytes[start] ?? 0, start, Math.min(size, start + 60))
    }
  }
  if (known.size > 2000) known.clear()
  known.set(name, bytes)
  return bytes
}

/** Yields a body in pieces of uneven size. */
export async function* streamOf(spec: BodySpec): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(spec)
  const random = new SeededRandom(spec.seed + 1)
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + 1 + random.below(2500))
    yield bytes.subarray(start, end)
    start = end
  }
}
