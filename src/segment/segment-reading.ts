/**
 * Reads segment files: records by place and by key, walks from end to end. Nothing unverified
 * leaves here; what is damaged or gone is noted among the findings.
 */
import { errnoOf, type FileSystem } from '../platform/file-system.ts'
import { EachStep } from './each-step.ts'
import { SegmentError } from './errors.ts'
import type { Findings } from './findings.ts'
import { HandleCache } from './handle-cache.ts'
import { IndexBuilder } from './index-builder.ts'
import { IndexLookup, type LookupAnswer } from './index-lookup.ts'
import type { LiveSegment } from './live-segment.ts'
import type { RecordHome } from './record.ts'
import { damageError, readRecord } from './record-reader.ts'
import type { SegmentCopies } from './segment-copies.ts'
import { SEGMENT_HEADER_SIZE } from './segment-header.ts'
import { type ScanSource, scanRecords } from './segment-scan.ts'
import type { ScanOptions, ScanStep, SegmentFinding } from './segments.ts'
import type { RecordKey, StoredRecord } from './types.ts'

export interface SegmentReadingParts {
  readonly fs: FileSystem
  readonly findings: Findings
  /** Null where a file is there once. */
  readonly copies: SegmentCopies | null
  /** Read handles kept open while nobody reads from them. */
  readonly handleCountMax: number
  /** Index pages kept in memory, of 64 KiB at most. */
  readonly indexPageCountMax: number
  /** False once the segment was removed: a file that is not there is no damage then. */
  readonly isLive: (segment: LiveSegment) => boolean
}

export class SegmentReading implements AsyncDisposable {
  readonly #parts: SegmentReadingParts
  readonly #handles: HandleCache
  readonly #lookup: IndexLookup

  constructor(parts: SegmentReadingParts) {
    this.#parts = parts
    this.#handles = new HandleCache(parts.fs, parts.handleCountMax)
    this.#lookup = new IndexLookup({
      pageCountMax: parts.indexPageCountMax,
      read: (segment, offset, guess) => this.read(segment, offset, guess),
      rebuild: (segment) => this.index(segment, { end: segment.dataSize, payloads: false }),
    })
  }

  /** One record that is in the file. As `Segments.read`. */
  async read(segment: LiveSegment, offset: number, storedSize?: number): Promise<StoredRecord> {
    const { nonce } = segment
    if (nonce === null) throw damageError(segment.path, 0, 'header')
    const home = { nonce, segment: segment.id, offset }
    try {
      return await this.#handles.use(segment.path, (handle) => readRecord(handle, home, storedSize))
    } catch (error) {
      const record = await this.#readFromCopies(segment, { home, storedSize, error })
      if (record !== null) return record
      throw this.#noteDamage(segment, offset, error)
    }
  }

  find(segment: LiveSegment, key: RecordKey): Promise<LookupAnswer> {
    return this.#lookup.find(segment, key)
  }

  /** As `Segments.scan`, in batches. */
  async *scan(segment: LiveSegment, options: ScanOptions): AsyncGenerator<readonly ScanStep[]> {
    const end = segment.dataSize
    const from = options.from ?? SEGMENT_HEADER_SIZE
    const to = Math.min(options.to ?? end, end)
    if (from >= to) return
    const { nonce } = segment
    if (nonce === null) {
      yield [{ step: 'damage', start: from, end: to, field: 'header' }]
      return
    }
    const complete = to < end || segment.isComplete
    const { payloads = false, payloadKind = null } = options
    const handle = await this.#parts.fs.open(segment.path, 'read')
    const source = { handle, segment: segment.id, nonce, to, complete, payloads, payloadKind }
    try {
      if (this.#parts.copies === null) yield* scanRecords({ ...source, from })
      else yield* this.#scanMending(segment, { ...source, from })
    } finally {
      await handle.close()
    }
  }

  /** As a plain scan; what another copy still has is mended before it would be told of. */
  async *#scanMending(
    segment: LiveSegment,
    source: ScanSource,
  ): AsyncGenerator<readonly ScanStep[]> {
    const { nonce, segment: id } = source
    /** What lies before was tried. */
    let tried = source.from
    for (let from: number | null = source.from; from !== null; ) {
      let again: number | null = null
      for await (const steps of scanRecords({ ...source, from })) {
        const whole: ScanStep[] = []
        for (const step of steps) {
          if (step.step === 'damage' && step.end > tried) {
            tried = step.end
            const range = { segment: id, nonce, start: step.start, end: step.end }
            if (await this.#parts.copies?.merge(segment.path, range)) {
              again = step.start
              break
            }
          }
          whole.push(step)
        }
        yield whole
        if (again !== null) break
      }
      from = again
    }
  }

  async #readFromCopies(
    segment: LiveSegment,
    failed: {
      readonly home: RecordHome
      readonly storedSize: number | undefined
      readonly error: unknown
    },
  ): Promise<StoredRecord | null> {
    const { home, storedSize, error } = failed
    const isDamage = error instanceof SegmentError && error.kind === 'corruption'
    if (!isDamage || this.#parts.copies === null) return null
    return this.#parts.copies.read(segment.path, home, storedSize)
  }

  /** The index of the records before `end`; notes what is damaged among them. */
  async index(
    segment: LiveSegment,
    { end, payloads }: { readonly end: number; readonly payloads: boolean },
  ): Promise<IndexBuilder> {
    const index = new IndexBuilder()
    const damages: SegmentFinding[] = []
    let durableEnd = segment.state === 'sealed' ? end : 0
    for await (const step of new EachStep(this.scan(segment, { to: end, payloads }))) {
      if (step.step === 'record') {
        index.add(step.header)
        durableEnd = Math.max(durableEnd, step.header.durableEnd)
      } else if (step.step === 'damage') {
        damages.push({ file: segment.path, offset: step.start, field: step.field })
      }
    }
    // What was never known durable may have been torn by a power loss: nobody was promised it.
    const { findings } = this.#parts
    for (const damage of damages) if (damage.offset < durableEnd) findings.add(damage)
    return index
  }

  /** Closes what is open of this file as soon as nobody reads it. */
  drop(path: string): void {
    this.#handles.drop(path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handles[Symbol.asyncDispose]()
  }

  #noteDamage(segment: LiveSegment, offset: number, error: unknown): unknown {
    const file = segment.path
    const { findings, isLive } = this.#parts
    if (errnoOf(error) === 'ENOENT') {
      const detail = { file, offset: 0, field: 'file' }
      if (isLive(segment)) findings.add(detail)
      return new SegmentError('missing-segment', detail, { cause: error })
    }
    if (error instanceof SegmentError && error.kind === 'corruption') {
      findings.add({ file, offset, field: error.detail.field ?? 'record' })
    }
    return error
  }
}
