/** Walks the records of every segment in use, and holds them against index, Bloom bits and rows. */
import { codecOf } from '../../engine/compression/choose.ts'
import { decodeRecipe } from '../../engine/recipe.ts'
import type { ScanStep, SegmentInfo, Segments } from '../../segment/segments.ts'
import { type RecordHeader, recordSpan } from '../../segment/types.ts'
import type { SegmentFamily } from '../../store/compaction/segment-family.ts'
import type { FindingList } from '../findings.ts'
import type { BlobEntry, BlobTable } from './blob-table.ts'

export interface SegmentCheckParts {
  readonly segments: Segments
  readonly family: SegmentFamily
  readonly blobs: BlobTable
  readonly findings: FindingList
  /** Whether the payloads of this segment are to be read. */
  readonly readsPayloads: (id: number) => boolean
  readonly signal: AbortSignal
}

export interface SegmentSums {
  readonly segments: number
  readonly records: number
  /** Of records, headers included. */
  readonly storedBytes: number
  /** Of payloads that were read and verified. */
  readonly verifiedBytes: number
}

/** Walks them all; whatever verifies is in the table of blobs afterwards. */
export async function checkSegments(parts: SegmentCheckParts): Promise<SegmentSums> {
  const { segments, family, findings } = parts
  const sums = { segments: 0, records: 0, storedBytes: 0, verifiedBytes: 0 }
  for (const info of [...segments.list('data'), ...segments.list('journal')]) {
    if (family.isReplaced(info.id)) {
      findings.note('segment', segmentName(info), 'was replaced; its file goes at the next start')
      continue
    }
    const walk = new SegmentWalk(parts, info)
    await walk.run()
    sums.segments += 1
    sums.records += walk.recordCount
    sums.storedBytes += walk.storedSize
    sums.verifiedBytes += walk.verifiedSize
  }
  return sums
}

type Hole = ScanStep & { readonly step: 'damage' | 'torn' }

/** One segment. */
class SegmentWalk {
  readonly #parts: SegmentCheckParts
  readonly #info: SegmentInfo
  readonly #where: string
  readonly #holes: Hole[] = []
  #durableEnd = 0
  recordCount = 0
  storedSize = 0
  verifiedSize = 0

  constructor(parts: SegmentCheckParts, info: SegmentInfo) {
    this.#parts = parts
    this.#info = info
    this.#where = segmentName(info)
  }

  async run(): Promise<void> {
    const { segments, blobs, readsPayloads, signal } = this.#parts
    const { id, state } = this.#info
    for await (const step of segments.scan(id, { payloads: readsPayloads(id) })) {
      signal.throwIfAborted()
      if (step.step !== 'record') {
        this.#holes.push(step)
        continue
      }
      const { header, payload } = step
      this.#durableEnd = Math.max(this.#durableEnd, header.durableEnd)
      if (header.kind !== 'chunk' && header.kind !== 'recipe') continue
      this.recordCount += 1
      this.storedSize += recordSpan(header.storedSize)
      blobs.addRecord(header)
      if (state === 'sealed') await this.#checkIndex(header)
      if (payload !== null) await this.#checkPayload(header, payload)
    }
    this.#judgeHoles()
  }

  async #checkIndex({ blob, number, place }: RecordHeader): Promise<void> {
    const { segments } = this.#parts
    const key = { blob, number }
    if (!segments.mayHold(place.segment, key)) {
      this.#damage(`the Bloom bits deny the record at ${place.offset}`)
      return
    }
    const found = await segments.find(place.segment, key)
    if (found.place?.offset === place.offset) return
    this.#damage(`the index does not lead to the record at ${place.offset}`)
  }

  async #checkPayload(header: RecordHeader, payload: Buffer): Promise<void> {
    this.verifiedSize += payload.length
    const { kind, codec, place, rawSize } = header
    if (kind === 'recipe') {
      const recipe = decodeRecipe(payload)
      if (typeof recipe === 'string') this.#damage(`${recipe} at ${place.offset}`)
      return
    }
    try {
      await codecOf[codec].decompress(payload, rawSize)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#damage(`the chunk at ${place.offset} cannot be decompressed: ${why}`)
    }
  }

  /**
   * What nothing before the hole knew to be durable, and the index does not have, a power loss tore
   * before anybody was told of it.
   */
  #judgeHoles(): void {
    const { storedSize, kind } = this.#info
    const isIndexed = storedSize !== null && kind === 'data' && this.storedSize !== storedSize
    if (isIndexed && this.#holes.length === 0) {
      this.#damage(`holds ${this.storedSize} bytes of records, and its footer says ${storedSize}`)
    }
    for (const hole of this.#holes) {
      const field = hole.step === 'damage' ? hole.field : 'no record'
      const what = `bytes ${hole.start} to ${hole.end - 1} do not verify: ${field}`
      // The journal has its own reader, which knows which of its bytes count.
      if (kind === 'journal' && hole.step === 'torn') continue
      if (hole.start < this.#durableEnd || isIndexed) this.#damage(what)
      else this.#parts.findings.note('torn', this.#where, what)
    }
  }

  #damage(what: string): void {
    this.#parts.findings.damage('segment', this.#where, what)
  }
}

/** Holds what rows say of blobs against what was found of them. */
export function compareBlobs(
  { blobs, findings }: Pick<SegmentCheckParts, 'blobs' | 'findings'>,
  isServing: boolean,
): void {
  const orphans = new Map<number, { count: number; size: number }>()
  for (const entry of blobs.all()) {
    if (entry.expected.size > 0) {
      const what = differenceOf(entry)
      if (what !== null) findings.damage('blob', describe(entry), what)
      continue
    }
    for (const [segment, size] of entry.found) {
      const sum = orphans.get(segment) ?? { count: 0, size: 0 }
      orphans.set(segment, { count: sum.count + 1, size: sum.size + size })
    }
  }
  const why = isServing ? 'they may be on their way' : 'their commit never came'
  for (const [segment, { count, size }] of orphans) {
    const what = `${count} blobs of ${size} bytes that no row speaks of; ${why}`
    findings.note('orphan', `segment ${segment}`, what)
  }
}

/** Why the blob is not whole; null when it is. */
export function differenceOf({
  ref,
  expected,
  found,
  chunkCount,
  rawSize,
}: BlobEntry): string | null {
  for (const segment of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, there] = [expected.get(segment) ?? 0, found.get(segment) ?? 0]
    if (wanted === there) continue
    return `rows say ${wanted} bytes in segment ${segment}, and ${there} are there`
  }
  if (ref === null) return null
  if (chunkCount !== ref.chunkCount) return `has ${chunkCount} chunks, not ${ref.chunkCount}`
  return rawSize === ref.size ? null : `holds ${rawSize} bytes, not ${ref.size}`
}

function describe({ owner, blob }: BlobEntry): string {
  return `${owner} (blob ${blob.segment}:${blob.offset})`
}

function segmentName({ kind, id }: SegmentInfo): string {
  return `${kind} segment ${id}`
}
