import type { FileSystem } from '../../src/platform/file-system.ts'
import type { Mirror } from '../../src/platform/mirror/mirrored-file-system.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { LocalSegments, type LocalSegmentsOptions } from '../../src/segment/local-segments.ts'
import type { ScanStep, SegmentWriter } from '../../src/segment/segments.ts'
import type { TierDirectories } from '../../src/segment/tier-directories.ts'
import { type Place, RECIPE_NUMBER, type RecordInput } from '../../src/segment/types.ts'

export const storeId = '00112233-4455-6677-8899-aabbccddeeff'
export const folder = '/data'

export function openSegments(
  fs: FileSystem,
  options: Partial<LocalSegmentsOptions> & {
    directory?: string
    seed?: number
    tiers?: TierDirectories
    mirror?: Mirror
  } = {},
): Promise<LocalSegments> {
  return LocalSegments.open({
    fs,
    directory: options.directory ?? folder,
    ...(options.tiers === undefined ? {} : { tiers: options.tiers }),
    mirror: options.mirror ?? null,
    storeId,
    clock: { now: () => 1_700_000_000_000 },
    random: new SeededRandom(options.seed ?? 1),
    options,
  })
}

/** The only chunk of a blob, not compressed. */
export function chunk(content: string | Buffer): RecordInput {
  const payload = Buffer.from(content)
  return { kind: 'chunk', codec: 'none', blob: 'self', number: 0, rawSize: payload.length, payload }
}

export function recipe(blob: Place, content: string): RecordInput {
  return { ...chunk(content), kind: 'recipe', blob, number: RECIPE_NUMBER }
}

export function appendAll(writer: SegmentWriter, contents: readonly (string | Buffer)[]): Place[] {
  return contents.map((content) => writer.append(chunk(content)))
}

export async function collect(steps: AsyncIterable<ScanStep>): Promise<ScanStep[]> {
  const all: ScanStep[] = []
  for await (const step of steps) all.push(step)
  return all
}

/** Payloads of the records of a walk, and what stands between them in words. */
export function outline(steps: readonly ScanStep[]): string[] {
  return steps.map((step) => {
    if (step.step === 'record') return step.payload?.toString() ?? step.header.kind
    const field = step.step === 'damage' ? ` ${step.field}` : ''
    return `${step.step} ${step.start}-${step.end}${field}`
  })
}

export async function readWhole(fs: FileSystem, path: string): Promise<Buffer> {
  await using handle = await fs.open(path, 'read')
  const bytes = Buffer.alloc(await handle.size())
  await handle.read(bytes, 0)
  return bytes
}

/** Changes one byte of a file, as a failing disk would. */
export async function flip(fs: FileSystem, path: string, offset: number, mask = 1): Promise<void> {
  await using handle = await fs.open(path, 'update')
  const byte = Buffer.alloc(1)
  await handle.read(byte, offset)
  byte[0] = (byte[0] ?? 0) ^ mask
  await handle.write([byte], offset)
}

export async function overwrite(
  fs: FileSystem,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): Promise<void> {
  await using handle = await fs.open(path, 'update')
  await handle.write([bytes], offset)
}
