/**
 * Files that are not as they were written, once nothing rests on what is damaged in them: what
 * verifies is copied into new segments, which replace them as compaction does, and the files are
 * put aside.
 *
 * Invariant: a file is moved only after the commit that replaces it is durable. Cut short before
 * that, its next repair does it again; cut short behind it, the next start removes the file.
 */
import { posix } from 'node:path'
import type { Add } from '../../catalog/catalog.ts'
import { journalStartPut } from '../../catalog/journal/journal-start.ts'
import type { LocalCatalog } from '../../catalog/local-catalog.ts'
import { compact } from '../../engine/compaction/compactor.ts'
import { Pace } from '../../engine/compaction/pace.ts'
import type { FileSystem } from '../../platform/file-system.ts'
import { folderNames, segmentName } from '../../segment/segment-names.ts'
import type { SegmentInfo, Segments } from '../../segment/segments.ts'
import type { Tier } from '../../segment/types.ts'
import { SegmentFamily } from '../../store/compaction/segment-family.ts'
import { decodeGarbage } from '../../store/rows/garbage-row.ts'
import { blobOfGarbage, garbageRange, garbageTotalKey, lineageKey } from '../../store/rows/keys.ts'
import { encodeLineage } from '../../store/rows/lineage-row.ts'
import type { StoreGround } from '../store-ground.ts'
import { blobName } from './found-blobs.ts'
import type { RepairAction } from './repair-context.ts'

/** What is to be put aside; nothing in it depends on what the repair writes. */
export interface Retirement {
  readonly data: readonly SegmentInfo[]
  /** All there are, when one is damaged or missing: new snapshots hold what they tell. */
  readonly journal: readonly SegmentInfo[]
  /** Paths of files that are taken for no segment. */
  readonly files: readonly string[]
}

/** Of journal segments replaced by one commit. */
const BATCH_SIZE = 256 * 1024 * 1024

export function planRetirement(
  segments: Segments,
  family: SegmentFamily,
  found: { readonly damaged: readonly SegmentInfo[]; readonly isJournalDamaged: boolean },
): Retirement {
  const told = new Set(segments.findings.map(({ file }) => file))
  const isUsed = ({ id }: SegmentInfo) => !family.isReplaced(id)
  const damaged = new Set(found.damaged.map(({ id }) => id))
  const isTold = ({ id }: SegmentInfo) => {
    return damaged.has(id) || [...told].some((file) => posix.basename(file) === segmentName(id))
  }
  const [data, journal] = [segments.list('data'), segments.list('journal')]
  const known = new Set([...data, ...journal].map(({ id }) => segmentName(id)))
  return {
    data: data.filter(isUsed).filter(isTold),
    journal: found.isJournalDamaged || journal.some(isTold) ? journal.filter(isUsed) : [],
    files: [...told].filter((file) => !known.has(posix.basename(file))),
  }
}

export function actionsOf({ data, journal, files }: Retirement): readonly RepairAction[] {
  const retired = (what: string, why: string) => ({ action: 'retired', what, why }) as const
  const copied = 'it is damaged; what verifies of it is copied, and the file put aside'
  const released = 'the journal is damaged; snapshots hold it from here on'
  return [
    ...data.map(({ id }) => retired(`data segment ${id}`, copied)),
    ...journal.map(({ id }) => retired(`journal segment ${id}`, released)),
    ...files.map((file) => retired(file, 'it is damaged, and taken for nothing')),
  ]
}

export interface RetiringParts {
  readonly ground: StoreGround
  readonly segments: Segments
  /** With snapshots of all that the journal told. */
  readonly catalog: LocalCatalog
  readonly signal: AbortSignal
}

export async function retire(parts: RetiringParts, retirement: Retirement): Promise<void> {
  const { ground } = parts
  const retiring = new Retiring(parts)
  for (const { id, tier } of retirement.data) await retiring.replace([id], tier, [])
  const { journal } = retirement
  const first = parts.segments
    .list('journal')
    .find(({ id }) => !journal.some((old) => old.id === id))
  for (const batch of batchesOf(journal)) {
    const start = first === undefined ? [] : [journalStartPut(first.header.firstSequence)]
    await retiring.replace(batch, 'hot', start)
  }
  for (const file of retirement.files) {
    if ((await ground.fileSystem.stat(file)) !== null) await retiring.putAside(file)
  }
}

class Retiring {
  readonly #parts: RetiringParts
  readonly #family: SegmentFamily

  constructor(parts: RetiringParts) {
    this.#parts = parts
    this.#family = SegmentFamily.load(parts.catalog)
  }

  async replace(
    sources: readonly number[],
    tier: Tier,
    puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
  ): Promise<void> {
    const { segments, catalog, signal } = this.#parts
    const garbage = this.#garbageOf(sources)
    const { output } = await compact(segments, {
      sources,
      isDead: (blob, source) => garbage.names.get(source)?.has(blobName(blob)) ?? false,
      tier,
      acceptsLoss: true,
      pace: new Pace({ bytesPerSecond: 0, isBusy: () => false }),
      signal,
    })
    const value = encodeLineage(output === null ? [] : [output])
    const lineage = sources.map((source) => ({ key: lineageKey(source), value }))
    const { keys: deletes, adds } = garbage
    await catalog.commit({ puts: [...lineage, ...puts], deletes, adds })
    for (const source of sources) await this.#putSegmentAside(source)
  }

  /** To `aside` beside its folder, or in the folder of a tier: on the disk it lies on. */
  async putAside(file: string): Promise<void> {
    const { fileSystem, path } = this.#parts.ground
    const folder = posix.dirname(file)
    const isOwn = Object.values(folderNames).some((name) => folder === `${path}/${name}`)
    const aside = isOwn ? `${path}/aside` : `${folder}/aside`
    await fileSystem.makeDirectory(aside)
    await fileSystem.rename(file, await freeName(fileSystem, `${aside}/${posix.basename(file)}`))
    await fileSystem.syncDirectory(aside)
    await fileSystem.syncDirectory(folder)
  }

  async #putSegmentAside(id: number): Promise<void> {
    const { ground, segments } = this.#parts
    const { fileSystem, path, tierFolders } = ground
    const folders = [folderNames.data, folderNames.journal].map((name) => `${path}/${name}`)
    for (const folder of [...folders, ...tierFolders]) {
      const file = `${folder}/${segmentName(id)}`
      if ((await fileSystem.stat(file)) !== null) return this.putAside(file)
    }
    // It lies in a bucket, or nowhere any more.
    await segments.removeSegment(id)
  }

  #garbageOf(sources: readonly number[]): Garbage {
    const keys: Buffer[] = []
    const adds: Add[] = []
    const names = new Map<number, Set<string>>()
    for (const source of sources) {
      const dead = new Set<string>()
      names.set(source, dead)
      for (const id of this.#family.withAncestors(source)) {
        let size = 0
        for (const { key, value } of this.#parts.catalog.range(garbageRange(id))) {
          keys.push(Buffer.from(key))
          dead.add(blobName(blobOfGarbage(key)))
          size += decodeGarbage(value)
        }
        if (size > 0) adds.push({ key: garbageTotalKey(id), delta: -size })
      }
    }
    return { keys, adds, names }
  }
}

interface Garbage {
  readonly keys: readonly Buffer[]
  readonly adds: readonly Add[]
  /** Of what is dead, by source. */
  readonly names: ReadonlyMap<number, ReadonlySet<string>>
}

function* batchesOf(journal: readonly SegmentInfo[]): Generator<readonly number[]> {
  let batch: number[] = []
  let size = 0
  for (const { id, dataSize } of journal) {
    if (batch.length > 0 && size + dataSize > BATCH_SIZE) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(id)
    size += dataSize
  }
  if (batch.length > 0) yield batch
}

/** An earlier repair may have put a file of this name aside. */
async function freeName(fileSystem: FileSystem, path: string): Promise<string> {
  for (let number = 0; ; number++) {
    const name = number === 0 ? path : `${path}.${number}`
    if ((await fileSystem.stat(name)) === null) return name
  }
}
