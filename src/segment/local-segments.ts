import assert from 'node:assert/strict'
import type { Clock } from '../platform/clock.ts'
import { errnoOf, type FileSystem } from '../platform/file-system.ts'
import type { Mirror } from '../platform/mirror/mirrored-file-system.ts'
import type { Random } from '../platform/random.ts'
import { EachStep } from './each-step.ts'
import { SegmentError } from './errors.ts'
import { Findings } from './findings.ts'
import type { LookupAnswer } from './index-lookup.ts'
import { LiveSegment } from './live-segment.ts'
import { openFolders } from './open-folders.ts'
import { rewriteTail } from './rewrite-tail.ts'
import { SegmentCopies, type Spend } from './segment-copies.ts'
import {
  emptyChainHeader,
  encodeSegmentHeader,
  parseStoreId,
  SEGMENT_HEADER_SIZE,
} from './segment-header.ts'
import { SegmentMending } from './segment-mending.ts'
import { segmentName, snapshotName, unfinishedName } from './segment-names.ts'
import { SegmentReading } from './segment-reading.ts'
import { FileSegmentWriter, type ResumePoint, type WriterEnd } from './segment-writer.ts'
import type {
  JournalEnd,
  ScanOptions,
  ScanStep,
  SegmentFinding,
  SegmentInfo,
  Segments,
  SegmentWriter,
  WriterOptions,
} from './segments.ts'
import { settleCopies } from './settle-copies.ts'
import type { Shipping } from './shipping.ts'
import { SegmentFolders, type TierDirectories } from './tier-directories.ts'
import type { Place, RecordKey, SegmentKind, StoredRecord, Tier } from './types.ts'

export interface LocalSegmentsParts {
  readonly fs: FileSystem
  /** The data directory; `hot`, `journal` and `snapshots` are made below it. */
  readonly directory: string
  /** Where data segments of the other tiers lie; a tier that is not named cannot be written to. */
  readonly tiers?: TierDirectories
  /** UUID of `varve.json`. Files of another store are not served. */
  readonly storeId: string
  /** Of `fs`, where it can take files of the cold tier elsewhere. */
  readonly shipping?: Shipping | null
  /** Of `fs`, where it keeps more than one copy of every file. */
  readonly mirror?: Mirror | null
  readonly clock: Clock
  readonly random: Random
  readonly options?: Partial<LocalSegmentsOptions>
}

export interface LocalSegmentsOptions {
  /** Read handles kept open while nobody reads from them. */
  readonly handleCountMax: number
  /** Index pages kept in memory, of 64 KiB at most. */
  readonly indexPageCountMax: number
  /** Segment files inspected at a time at start. */
  readonly openConcurrency: number
}

const defaults: LocalSegmentsOptions = {
  handleCountMax: 256,
  indexPageCountMax: 64,
  openConcurrency: 16,
}

/**
 * The segment files of one data directory and of the directories of its tiers.
 *
 * Invariants: ids are handed out once; a file found at start is only ever sealed; no payload leaves
 * unverified; damage is reported and the rest goes on being served.
 */
export class LocalSegments implements Segments {
  readonly #parts: LocalSegmentsParts
  readonly #storeId: Buffer
  readonly #folders: SegmentFolders
  readonly #findings = new Findings()
  readonly #reading: SegmentReading
  readonly #segments = new Map<number, LiveSegment>()
  readonly #writers = new Map<number, FileSegmentWriter>()
  /** Files of writers that were given up before anything in them was durable, being removed. */
  readonly #removals = new Set<Promise<void>>()
  readonly #mending: SegmentMending
  #nextId = 1
  #closed = false

  private constructor(
    parts: LocalSegmentsParts,
    folders: SegmentFolders,
    options: LocalSegmentsOptions,
  ) {
    this.#parts = parts
    this.#storeId = parseStoreId(parts.storeId)
    this.#folders = folders
    const mirror = parts.mirror ?? null
    this.#mending = new SegmentMending(mirror, this.#storeId)
    this.#reading = new SegmentReading({
      fs: parts.fs,
      copies: mirror === null ? null : new SegmentCopies(mirror),
      findings: this.#findings,
      ...options,
      isLive: (segment) => this.#segments.get(segment.id) === segment,
    })
  }

  /**
   * Makes the folders, removes what is unfinished, and takes note of every segment file. Does not
   * read records.
   *
   * @throws SegmentError `unknown-version` when a file is of a later version, `refused-tier`
   */
  static async open(parts: LocalSegmentsParts): Promise<LocalSegments> {
    const options = { ...defaults, ...parts.options }
    const folders = await SegmentFolders.open({ ...parts, tiers: parts.tiers ?? {} })
    const segments = new LocalSegments(parts, folders, options)
    const { fs, mirror } = parts
    const { openConcurrency: concurrency } = options
    const ground = { fs, folders, storeId: segments.#storeId, concurrency }
    if (mirror != null) await settleCopies({ ...ground, mirror })
    const stock = await openFolders(ground)
    for (const segment of stock.segments) segments.#segments.set(segment.id, segment)
    for (const segment of stock.segments) {
      if (segment.tier !== 'cold') continue
      segment.isAway = (await parts.shipping?.isAway(segment.path)) ?? false
    }
    for (const finding of stock.findings) segments.#findings.add(finding)
    segments.#nextId = stock.nextId
    return segments
  }

  get nextId(): number {
    return this.#nextId
  }

  get tiers(): readonly Tier[] {
    return this.#folders.tiers
  }

  get findings(): readonly SegmentFinding[] {
    return this.#findings.all
  }

  reserveIds(nextId: number): void {
    this.#nextId = Math.max(this.#nextId, nextId)
  }

  createWriter(options: WriterOptions): SegmentWriter {
    if (this.#closed) throw new SegmentError('closed')
    const { kind, tier = 'hot' } = options
    const id = this.#nextId
    assert(id <= 0xffffffff, 'segment ids are used up')
    this.#nextId += 1
    const name = kind === 'snapshot' ? unfinishedName(id) : segmentName(id)
    const path = `${this.#folders.of(kind, tier)}/${name}`
    const nonce = this.#parts.random.bytes(4).readUInt32LE(0)
    const segment = new LiveSegment({ id, kind, tier, path, nonce })
    const writer = this.#writerOf(segment, nonce, () => this.#makeHeader(segment, nonce, options))
    segment.lane = options.lane ?? 0
    segment.startWriting(writer)
    this.#segments.set(id, segment)
    this.#writers.set(id, writer)
    return writer
  }

  list(kind: SegmentKind): readonly SegmentInfo[] {
    const listed: SegmentInfo[] = []
    for (const segment of this.#segments.values()) {
      if (segment.kind === kind && segment.isListed) listed.push(segment.info())
    }
    return listed.sort((left, right) => left.id - right.id)
  }

  has(id: number): boolean {
    return this.#segments.has(id)
  }

  tierOf(id: number): Tier | null {
    return this.#segments.get(id)?.tier ?? null
  }

  mayHold(id: number, key: RecordKey): boolean {
    return this.#require(id).index?.mayHold(key) ?? true
  }

  async find(id: number, key: RecordKey): Promise<LookupAnswer> {
    return this.#reading.find(this.#require(id), key)
  }

  async read(place: Place, storedSize?: number): Promise<StoredRecord> {
    const segment = this.#require(place.segment)
    const unwritten = segment.writer?.unwritten(place.offset) ?? null
    return unwritten ?? this.#reading.read(segment, place.offset, storedSize)
  }

  scan(id: number, options: ScanOptions = {}): AsyncIterable<ScanStep> {
    return new EachStep(this.#scanBatches(id, options))
  }

  async makeDurable(id: number): Promise<void> {
    const segment = this.#require(id)
    if (segment.state !== 'unsealed' || segment.writer !== null) return
    let durableEnd = 0
    for await (const step of this.scan(id)) {
      if (step.step === 'record') durableEnd = Math.max(durableEnd, step.header.durableEnd)
    }
    const handle = await this.#parts.fs.open(segment.path, 'update')
    try {
      await rewriteTail(handle, durableEnd)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await this.#parts.fs.syncDirectory(this.#folderOf(segment))
  }

  async seal(id: number, end: number, journal?: JournalEnd): Promise<void> {
    const segment = this.#require(id)
    if (segment.state === 'sealed') return
    const { nonce } = segment
    assert(segment.state === 'unsealed' && nonce !== null, 'not a segment found unsealed')
    assert(segment.writer === null, 'a segment abandoned by this process is sealed at next start')
    assert(end >= SEGMENT_HEADER_SIZE && end % 8 === 0, 'end is not the end of a record')
    // What a power loss has torn is not indexed: so a sealed segment tells it from later damage.
    const index = await this.#reading.index(segment, { end, payloads: true })
    const handle = await this.#parts.fs.open(segment.path, 'update')
    try {
      // Durable with the first sync of the sealing. A record whose padding was torn off gets it.
      await handle.truncate(end)
      const resume = { handle, size: end, index }
      const noHeader = () => assert.fail('the file has its header')
      await this.#writerOf(segment, nonce, noHeader, resume).seal(journal)
    } finally {
      await handle.close()
    }
  }

  get canShip(): boolean {
    return this.#parts.shipping != null
  }

  async ship(id: number, signal: AbortSignal): Promise<void> {
    const segment = this.#require(id)
    const { shipping } = this.#parts
    assert(shipping != null && segment.tier === 'cold', 'only cold segments have a place elsewhere')
    assert(segment.state === 'sealed', 'a segment is sealed before it goes')
    if (segment.isAway) return
    const kept = { headSize: SEGMENT_HEADER_SIZE, tailStart: segment.dataSize }
    await shipping.ship(segment.path, kept, signal)
    segment.isAway = true
    this.#reading.drop(segment.path)
  }

  async publishSnapshot(writer: SegmentWriter): Promise<void> {
    const own = this.#writers.get(writer.id)
    const segment = this.#segments.get(writer.id)
    assert(own !== undefined && segment?.kind === 'snapshot', 'not a snapshot being written')
    await own.sync()
    const { fs } = this.#parts
    const folder = this.#folderOf(segment)
    const path = `${folder}/${snapshotName(segment.header.firstSequence)}`
    await fs.rename(segment.path, path)
    await fs.syncDirectory(folder)
    for (const other of [...this.#segments.values()]) {
      if (other.path === path) this.#forget(other)
    }
    this.#reading.drop(segment.path)
    segment.path = path
    own.finish()
  }

  async removeSnapshot(id: number): Promise<void> {
    const segment = this.#segments.get(id)
    if (segment?.kind !== 'snapshot' || !segment.isListed) return
    await this.#parts.fs.remove(segment.path)
    this.#forget(segment)
    await this.#parts.fs.syncDirectory(this.#folderOf(segment))
  }

  async removeSegment(id: number): Promise<void> {
    const segment = this.#segments.get(id)
    if (segment === undefined) return
    assert(segment.kind !== 'snapshot', 'a snapshot is removed by removeSnapshot')
    this.#writers.get(id)?.abandon()
    await segment.writer?.idle()
    await Promise.all(this.#removals)
    if (this.#segments.get(id) !== segment) return
    // First forgotten: a read that finds no file then knows that it was replaced.
    this.#forget(segment)
    await this.#mending.settled(segment)
    try {
      await this.#parts.fs.remove(segment.path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
    await this.#parts.fs.syncDirectory(this.#folderOf(segment))
  }

  async mend(id: number, spend?: Spend): Promise<number> {
    return this.#mending.mend(this.#require(id), spend)
  }

  /** A copy of this file could not be read. No-op for a file that is no segment's. Never rejects. */
  async mendFile(path: string): Promise<void> {
    const segment = [...this.#segments.values()].find((each) => each.path === path)
    if (segment === undefined || this.#closed) return
    await this.mend(segment.id).catch(() => {})
  }

  /** Gives up what is still being written; nothing durable is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const writers = [...this.#writers.values()]
    for (const writer of writers) writer.abandon()
    await Promise.all(writers.map((writer) => writer.idle()))
    await Promise.all(this.#removals)
    await this.#reading[Symbol.asyncDispose]()
  }

  async *#scanBatches(id: number, options: ScanOptions): AsyncGenerator<readonly ScanStep[]> {
    yield* this.#reading.scan(this.#require(id), options)
  }

  #folderOf({ kind, tier }: LiveSegment): string {
    return this.#folders.of(kind, tier)
  }

  #require(id: number): LiveSegment {
    if (this.#closed) throw new SegmentError('closed')
    const segment = this.#segments.get(id)
    if (segment === undefined) throw new SegmentError('missing-segment', { field: String(id) })
    return segment
  }

  #forget(segment: LiveSegment): void {
    this.#segments.delete(segment.id)
    this.#reading.drop(segment.path)
  }

  #writerOf(
    segment: LiveSegment,
    nonce: number,
    makeHeader: () => Buffer,
    resume?: ResumePoint,
  ): FileSegmentWriter {
    const { path, id, kind, tier } = segment
    const { fs } = this.#parts
    const onEnd = (end: WriterEnd) => this.#endWriter(segment, end)
    const requireFolder = () => this.#folders.requireThere(kind, tier)
    const folder = this.#folderOf(segment)
    const parts = { fs, folder, requireFolder, path, id, nonce, makeHeader, onEnd }
    return new FileSegmentWriter(parts, resume)
  }

  #makeHeader(segment: LiveSegment, nonce: number, options: WriterOptions): Buffer {
    const { id, kind, tier } = segment
    segment.header = options.chain?.() ?? emptyChainHeader
    segment.createdAt = this.#parts.clock.now()
    return encodeSegmentHeader({
      kind,
      tier,
      id,
      storeId: this.#storeId,
      nonce,
      lane: segment.lane,
      createdAt: segment.createdAt,
      ...segment.header,
    })
  }

  #endWriter(segment: LiveSegment, end: WriterEnd): void {
    this.#writers.delete(segment.id)
    segment.endWriting(end)
    if (end.outcome !== 'abandoned') return
    const removal = this.#removeEmpty(segment).finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }

  /**
   * Removes what an abandoned writer leaves when nothing in it was ever durable: on a full disk
   * every failed attempt would otherwise leave a file. Unpublished snapshots go whatever is in
   * them; journal files stay, their successors name them. A file that cannot be removed is an empty
   * segment at the next start.
   */
  async #removeEmpty(segment: LiveSegment): Promise<void> {
    const { writer } = segment
    if (writer === null) return
    await writer.idle()
    const isEmpty = writer.durableSize <= SEGMENT_HEADER_SIZE && segment.kind === 'data'
    if (writer.durableSize > 0 && !isEmpty && segment.kind !== 'snapshot') return
    this.#forget(segment)
    if (writer.durableSize > 0) await this.#parts.fs.remove(segment.path).catch(() => {})
  }
}
