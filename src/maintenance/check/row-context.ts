import type { Catalog, Entry } from '../../catalog/catalog.ts'
import type { BlobRef } from '../../engine/blob-store.ts'
import type { Place } from '../../segment/types.ts'
import type { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { spaceRange, type UsageName } from '../../store/rows/keys.ts'
import type { FindingList } from '../findings.ts'
import type { BlobTable } from './blob-table.ts'

/** Rows to look at: those of a catalog, or what they might become. */
export type RowSource = Pick<Catalog, 'get' | 'range'>

export interface RowCheckParts {
  readonly catalog: RowSource
  readonly family: SegmentFamily
  readonly blobs: BlobTable
  readonly findings: FindingList
}

/** What the checks of all kinds of rows share, and what they add up. */
export class RowContext {
  readonly catalog: RowSource
  readonly blobs: BlobTable
  readonly #family: SegmentFamily
  readonly #findings: FindingList
  /** Names of the buckets there are, by id. */
  readonly buckets = new Map<number, string>()
  /** Sums of what was counted, by "bucket id counter". */
  readonly usage = new Map<string, number>()
  readonly sums = { buckets: 0, objects: 0, olderVersions: 0, uploads: 0, bytes: 0 }

  constructor({ catalog, family, blobs, findings }: RowCheckParts) {
    this.catalog = catalog
    this.blobs = blobs
    this.#family = family
    this.#findings = findings
  }

  rows(space: number): Iterable<Entry> {
    return this.catalog.range(spaceRange(space))
  }

  /** Each row of a space; one that does not decode is a finding. */
  eachRow(space: number, look: (entry: Entry) => void): void {
    for (const entry of this.rows(space)) this.decoding(entry.key, () => look(entry))
  }

  decoding(key: Buffer, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.damage('row', keyName(key), error instanceof Error ? error.message : String(error))
    }
  }

  bucketName(id: number): string {
    return this.buckets.get(id) ?? `bucket ${id}`
  }

  count(bucketId: number, name: UsageName, amount: number): void {
    const counter = `${bucketId} ${name}`
    this.usage.set(counter, (this.usage.get(counter) ?? 0) + amount)
  }

  /** Which object was the first to have this body; undefined: none so far. */
  ownerOfBody(body: Place): string | undefined {
    const entry = this.blobs.get(body)
    return entry?.isBody === true ? entry.owner : undefined
  }

  /** Takes note of a body, after the blobs that it consists of. */
  nameBody(where: string, body: Place): void {
    const entry = this.blobs.entry(body)
    entry.isBody = true
    if (entry.owner === '') entry.owner = where
  }

  /** Takes note of a blob that a row names. */
  name(where: string, ref: BlobRef): void {
    const entry = this.blobs.entry(ref.blob)
    if (entry.named !== null) {
      this.damage('row', where, `its blob ${placeName(ref.blob)} is also that of ${entry.owner}`)
      return
    }
    entry.named = { size: ref.size, chunkCount: ref.chunkCount }
    entry.owner = where
    for (const { segment, storedSize: size } of ref.extents) {
      this.expect(ref.blob, { segment, size })
    }
  }

  /** What was written to a segment lies in its heir now; in none when nothing in it lived. */
  expect(
    blob: Place,
    { segment, size }: { readonly segment: number; readonly size: number },
  ): void {
    const [heir = segment] = this.#family.heirs(segment)
    this.blobs.entry(blob).expected.add(heir, size)
  }

  damage(kind: 'row' | 'counter', where: string, what: string): void {
    this.#findings.damage(kind, where, what)
  }
}

export function placeName(place: Place | null): string {
  return place === null ? 'none' : `${place.segment}:${place.offset}`
}

/** The space as a letter, the rest in hexadecimal digits. */
export function keyName(key: Buffer): string {
  return `row ${key.toString('latin1', 0, 1)} ${key.toString('hex', 1)}`
}
