/**
 * Everything that lies in one segment file, in the order in which it lies there. What does not
 * verify is told, and the walk goes on behind it.
 */
import { decodeCommit } from '../../catalog/journal/commit-record.ts'
import type { PageCodec } from '../../catalog/snapshot/page-codec.ts'
import { decodeEnd, decodePage } from '../../catalog/snapshot/snapshot-record.ts'
import { decodeRecipe, recipeChunk } from '../../engine/recipe.ts'
import type { FileHandle, FileSystem } from '../../platform/file-system.ts'
import { isDamage } from '../../segment/decoded.ts'
import { EachStep } from '../../segment/each-step.ts'
import { decodeFooter, decodeTrailer, TRAILER_SIZE } from '../../segment/footer.ts'
import { decodeIndexPage, INDEX_ENTRY_SIZE, isIndexPage } from '../../segment/index-page.ts'
import { decodeRecordHeader, payloadVerifies, RECORD_HEADER_SIZE } from '../../segment/record.ts'
import { salvageNonce } from '../../segment/salvage-nonce.ts'
import { decodeSegmentHeader, SEGMENT_HEADER_SIZE } from '../../segment/segment-header.ts'
import { scanRecords } from '../../segment/segment-scan.ts'
import { type RecordHeader, recordSpan } from '../../segment/types.ts'
import { decodeLabel } from '../../store/label.ts'
import { describeRow } from './describe-row.ts'
import { itemFields } from './inspect-journal.ts'
import { type Item, type PlainFields, plainFields } from './plain.ts'

export interface SegmentInspection {
  readonly fileSystem: FileSystem
  readonly path: string
  /** What the name of the file says; null when it says nothing. */
  readonly id: number | null
  readonly pageCodec: PageCodec | null
}

/** @throws errors of the file system */
export async function* inspectSegmentFile(inspection: SegmentInspection): AsyncGenerator<Item> {
  await using handle = await inspection.fileSystem.open(inspection.path, 'read')
  const fileSize = await handle.size()
  const header = await readHeader(handle)
  yield header.item
  const id = inspection.id ?? header.id
  const nonce = header.nonce ?? (id === null ? null : await salvageNonce(handle, id))
  if (nonce === null || id === null) {
    const fields = { size: fileSize - SEGMENT_HEADER_SIZE }
    const damage = 'without the header no record can be told'
    yield { what: 'rest', offset: SEGMENT_HEADER_SIZE, fields, damage }
    return
  }
  const reader = new RecordWalk(handle, { segment: id, nonce, fileSize }, inspection.pageCodec)
  yield* reader.records()
  yield* reader.sealing()
}

interface FoundHeader {
  readonly item: Item
  readonly id: number | null
  readonly nonce: number | null
}

async function readHeader(handle: FileHandle): Promise<FoundHeader> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_SIZE)
  const found = bytes.subarray(0, await handle.read(bytes, 0))
  const header = decodeSegmentHeader(found)
  const what = 'segment header'
  if (isDamage(header)) {
    const item = { what, offset: 0, fields: {}, damage: `${header.damaged} does not verify` }
    return { item, id: null, nonce: null }
  }
  const createdAt = new Date(header.createdAt).toISOString()
  const item = { what, offset: 0, fields: plainFields({ ...header, createdAt }), damage: null }
  return { item, id: header.id, nonce: header.nonce }
}

class RecordWalk {
  readonly #handle: FileHandle
  readonly #file: { readonly segment: number; readonly nonce: number; readonly fileSize: number }
  readonly #pageCodec: PageCodec | null
  /** Where what is visited ends. */
  #at = SEGMENT_HEADER_SIZE

  constructor(
    handle: FileHandle,
    file: { readonly segment: number; readonly nonce: number; readonly fileSize: number },
    pageCodec: PageCodec | null,
  ) {
    this.#handle = handle
    this.#file = file
    this.#pageCodec = pageCodec
  }

  async *records(): AsyncGenerator<Item> {
    const { fileSize: to, ...file } = this.#file
    const source = { ...file, handle: this.#handle, from: this.#at, to, complete: false }
    for await (const step of new EachStep(scanRecords({ ...source, payloads: true }))) {
      if (step.step === 'record') {
        const { header, payload } = step
        yield await this.#item(header, payload ?? Buffer.alloc(0))
        this.#at = header.place.offset + recordSpan(header.storedSize)
        continue
      }
      // Behind the records of a sealed segment lies its sealing, not a torn write.
      if (step.step === 'torn' && step.end - step.start <= TRAILER_SIZE) return
      const field = step.step === 'damage' ? step.field : 'no record verifies from here on'
      const fields = { end: step.end }
      yield { what: 'damage', offset: step.start, fields, damage: field }
      this.#at = step.end
    }
  }

  /** Index pages, footer and trailer. */
  async *sealing(): AsyncGenerator<Item> {
    const { segment, nonce, fileSize } = this.#file
    const end = fileSize - TRAILER_SIZE
    while (this.#at + RECORD_HEADER_SIZE <= end) {
      const bytes = Buffer.alloc(RECORD_HEADER_SIZE)
      await this.#handle.read(bytes, this.#at)
      const header = decodeRecordHeader(bytes, 0, { segment, nonce, offset: this.#at })
      if (isDamage(header)) {
        const damage = `${header.damaged} does not verify`
        yield { what: 'damage', offset: this.#at, fields: { end }, damage }
        break
      }
      const payload = Buffer.alloc(Math.min(header.storedSize, fileSize))
      await this.#handle.read(payload, this.#at + RECORD_HEADER_SIZE)
      yield await this.#item(header, payload)
      this.#at += recordSpan(header.storedSize)
    }
    if (this.#at > end || fileSize < SEGMENT_HEADER_SIZE + TRAILER_SIZE) return
    const bytes = Buffer.alloc(TRAILER_SIZE)
    await this.#handle.read(bytes, end)
    const trailer = decodeTrailer(bytes)
    const isDamaged = isDamage(trailer)
    const fields = isDamaged ? {} : plainFields(trailer)
    const damage = isDamaged ? `${trailer.damaged} does not verify` : null
    yield { what: 'trailer', offset: end, fields, damage }
  }

  async #item(header: RecordHeader, payload: Buffer): Promise<Item> {
    const { kind, place, codec, rawSize, storedSize, durableEnd, blob, number } = header
    const isBlob = kind === 'chunk' || kind === 'recipe'
    const named = isBlob ? { blob: `${blob.segment}:${blob.offset}`, number } : {}
    const fields = { ...named, codec, rawSize, storedSize, durableEnd }
    const verifies = payloadVerifies(header, payload)
    const damage = verifies ? null : 'payload crc does not verify'
    const says = verifies ? await this.#payload(header, payload) : {}
    return { what: kind, offset: place.offset, fields: { ...fields, ...says }, damage }
  }

  async #payload({ kind, codec, rawSize }: RecordHeader, payload: Buffer): Promise<PlainFields> {
    switch (kind) {
      case 'recipe':
        return recipeFields(payload)
      case 'commit':
        return commitFields(payload)
      case 'snapshotPage': {
        const page =
          codec === 'none' ? payload : await this.#pageCodec?.decompress(payload, rawSize)
        if (page === undefined) return {}
        const rows = decodePage(page).map(({ key, value }) => plainFields(describeRow(key, value)))
        return { rows }
      }
      case 'snapshotEnd':
        return plainFields(decodeEnd(payload))
      case 'indexPage':
        return indexFields(payload)
      case 'footer':
        return footerFields(payload)
      case 'chunk':
        return {}
    }
  }
}

function recipeFields(payload: Buffer): PlainFields {
  const recipe = decodeRecipe(payload)
  if (typeof recipe === 'string') return { recipe }
  const { size, chunkSize, chunkCount, label } = recipe
  const chunks = Array.from({ length: chunkCount }, (_, number) => {
    const { place, storedSize } = recipeChunk(recipe, number)
    return { place: `${place.segment}:${place.offset}`, storedSize }
  })
  const words = decodeLabel(label)
  return { size, chunkSize, chunkCount, label: words === null ? null : plainFields(words), chunks }
}

/** A commit record, with its rows in words. */
function commitFields(payload: Buffer): PlainFields {
  const { firstSequence, nextSegmentId, committedAt, chain, groupStart, items } =
    decodeCommit(payload)
  const commits = items.map((item, index) => ({
    sequence: firstSequence + index,
    ...itemFields(item),
  }))
  return {
    firstSequence,
    nextSegmentId,
    committedAt: new Date(committedAt).toISOString(),
    chain: Buffer.from(chain).toString('hex'),
    groupStart,
    commits,
  }
}

function indexFields(payload: Buffer): PlainFields {
  if (!isIndexPage(payload)) return { entries: 'not an index page' }
  const entries = decodeIndexPage(payload)
  const list = entries.map(
    ({ blob, number, offset }) => `${blob.segment}:${blob.offset} ${number} at ${offset}`,
  )
  return { entryCount: entries.length, entries: list }
}

function footerFields(payload: Buffer): PlainFields {
  const footer = decodeFooter(payload)
  if (isDamage(footer)) return { footer: footer.damaged }
  const { fence, bloomBits, bloomHashCount, ...fields } = footer
  const setCount = bloomBits.reduce((sum, byte) => sum + ones(byte), 0)
  const bitCount = bloomBits.length * 8
  const share = bitCount === 0 ? 0 : setCount / bitCount
  const pageCount = fence.length / INDEX_ENTRY_SIZE
  return {
    footer: { ...plainFields(fields), pageCount },
    bloom: {
      bitCount,
      hashCount: bloomHashCount,
      setCount,
      // Of keys that are not there, so many are let through.
      falsePositiveRate: Number((share ** bloomHashCount).toPrecision(3)),
    },
  }
}

function ones(byte: number): number {
  let count = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}
