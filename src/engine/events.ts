/** What the engine tells those who listen at the roof. */
export type EngineEvent =
  | { readonly event: 'segment-sealed'; readonly segment: number; readonly dataSize: number }
  /** Appends go on in a new segment; what was acknowledged stays readable. */
  | {
      readonly event: 'lane-abandoned'
      readonly lane: number
      readonly segment: number
      readonly cause: unknown
    }
  /** A data segment left unsealed by the process before could not be sealed: it is read as it is. */
  | { readonly event: 'seal-failed'; readonly segment: number; readonly cause: unknown }
  /** Bytes start … end-1 do not verify, and were never known durable: a power loss tore them. */
  | {
      readonly event: 'torn-write-found'
      readonly segment: number
      readonly start: number
      readonly end: number
    }
  /** What a row names lies in no segment that is there: a data file was lost. */
  | { readonly event: 'blob-missing'; readonly reason: string }
  | {
      readonly event: 'corruption-found'
      /** Path, or number of the segment where the path is not known. */
      readonly file: string
      readonly offset: number
      readonly field: string
    }

export type EngineListener = (event: EngineEvent) => void

/** Sums since start; they only grow. */
export interface EngineCounters {
  readonly blobsAppended: number
  /** Raw bytes of all chunks compressed, small blobs included. */
  readonly rawBytes: number
  /** What is left of them, headers and padding included. */
  readonly storedBytes: number
  /** Raw bytes of the chunks that were stored compressed, */
  readonly compressedRawBytes: number
  /** and their payloads: the difference is what was saved. */
  readonly compressedBytes: number
  /** Raw bytes of the chunks that do not shrink, and lie as they are. */
  readonly plainBytes: number
  readonly chunksRead: number
  /** Records not found at their hint, and looked up through lineage. */
  readonly lookups: number
  /** Segments a Bloom filter ruled out: disk reads avoided. */
  readonly bloomNegatives: number
  /** Segments a Bloom filter let through that did hold the record. */
  readonly bloomPositives: number
  readonly bloomFalsePositives: number
  /** Index pages read from disk for lookups. */
  readonly lookupReads: number
}

export type MutableCounters = { -readonly [Name in keyof EngineCounters]: EngineCounters[Name] }

export function zeroCounters(): MutableCounters {
  return {
    blobsAppended: 0,
    rawBytes: 0,
    storedBytes: 0,
    compressedRawBytes: 0,
    compressedBytes: 0,
    plainBytes: 0,
    chunksRead: 0,
    lookups: 0,
    bloomNegatives: 0,
    bloomPositives: 0,
    bloomFalsePositives: 0,
    lookupReads: 0,
  }
}

/** Takes note of a chunk that was stored, and of what compression made of it. */
export function countChunk(counters: MutableCounters, rawSize: number, storedSize: number): void {
  counters.rawBytes += rawSize
  if (storedSize === rawSize) {
    counters.plainBytes += rawSize
    return
  }
  counters.compressedRawBytes += rawSize
  counters.compressedBytes += storedSize
}
