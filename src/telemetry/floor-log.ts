import type { CatalogEvent, CatalogListener } from '../catalog/events.ts'
import type { EngineEvent, EngineListener } from '../engine/events.ts'
import type { ScrubEvent, ScrubListener } from '../maintenance/scrub/events.ts'
import type { CompactionEvent, CompactionListener } from '../store/compaction/events.ts'
import type { TieringEvent, TieringListener } from '../store/tiering/events.ts'
import type { Log, LogLevel } from './log.ts'

type Line = readonly [level: Exclude<LogLevel, 'silent'>, message: string]

/** What an operator must know of, might want to know of, and can do without. */
const engineLines = {
  'segment-sealed': ['debug', 'data segment sealed'],
  'lane-abandoned': [
    'error',
    'a write failed: its data segment is given up, writes go on in a new one',
  ],
  'seal-failed': ['warn', 'a data segment could not be sealed and is read as it is'],
  'torn-write-found': [
    'info',
    'a write that a power cut tore was found; it was never acknowledged',
  ],
  'blob-missing': ['error', 'stored bytes are missing: a data file was lost'],
  'corruption-found': ['error', 'stored bytes are damaged and will not be served'],
} as const satisfies Record<EngineEvent['event'], Line>

const catalogLines = {
  group: ['debug', 'commits durable'],
  groupFailed: ['error', 'a write of the journal failed: its commits were refused'],
  segmentSealed: ['debug', 'journal segment sealed'],
  sealFailed: ['warn', 'a journal segment could not be sealed; the next start tries again'],
  flushed: ['debug', 'index brought up to date'],
  flushFailed: ['error', 'the index could not be written; its rows are served from memory'],
  snapshotWritten: ['info', 'snapshot written'],
  snapshotFailed: ['warn', 'no snapshot could be written; the journal is kept longer'],
  snapshotRefused: ['error', 'a snapshot is damaged and was passed over'],
  indexChecked: ['debug', 'the index was checked and is well'],
  rebuildStarted: ['warn', 'the index is made anew from the journal'],
  rebuilt: ['info', 'the index was made anew'],
  rebuildFailed: ['error', 'the index could not be made anew'],
  recovered: ['info', 'catalog open'],
  finding: ['error', 'the journal is not as it was written'],
} as const satisfies Record<CatalogEvent['event'], Line>

const compactionLines = {
  compacted: ['info', 'segments compacted'],
  'segment-removed': ['debug', 'a segment that is of no use any more was removed'],
  'removal-failed': [
    'warn',
    'a segment of no use could not be removed; the next start tries again',
  ],
  'unnamed-blobs': ['info', 'what uploads left that a crash cut off is garbage now'],
  'damaged-source': ['error', 'a segment is damaged and is not compacted'],
  'compaction-failed': ['warn', 'compaction failed and is tried again; nothing was changed'],
  'segment-missing': ['error', 'a data file is missing: what lies in it cannot be read'],
  'segment-kept': [
    'error',
    'a segment that should be of no use may hold the only copy: it is kept',
  ],
} as const satisfies Record<CompactionEvent['event'], Line>

const scrubLines = {
  'scrub-damage': ['error', 'the scrub found stored bytes that are not what was written'],
  'scrub-pass-ended': ['info', 'everything stored was read once'],
  'scrub-failed': ['warn', 'the scrub could not read a segment'],
} as const satisfies Record<ScrubEvent['event'], Line>

const tieringLines = {
  'object-move-failed': ['warn', 'an object stays in the hot tier for now: it could not be moved'],
  'segment-shipped': ['info', 'a cold segment was taken to its bucket'],
  'tiering-failed': ['warn', 'moving data between tiers failed and is tried again'],
} as const satisfies Record<TieringEvent['event'], Line>

/** Writes down what happens inside of the engine. */
export function engineLog(log: Log): EngineListener {
  return ({ event, ...fields }) => {
    const [level, message] = engineLines[event]
    log[level](fields, message)
  }
}

/** Writes down what happens inside of the catalog. */
export function catalogLog(log: Log): CatalogListener {
  return ({ event, ...fields }) => {
    const [level, message] = catalogLines[event]
    log[level](fields, message)
  }
}

/** Writes down what compaction does. */
export function compactionLog(log: Log): CompactionListener {
  return ({ event, ...fields }) => {
    const [level, message] = compactionLines[event]
    log[level](fields, message)
  }
}

/** Writes down what the scrub finds. */
export function scrubLog(log: Log): ScrubListener {
  return ({ event, ...fields }) => {
    const [level, message] = scrubLines[event]
    log[level](fields, message)
  }
}

/** Writes down what the movers between tiers cannot do. */
export function tieringLog(log: Log): TieringListener {
  return ({ event, ...fields }) => {
    const [level, message] = tieringLines[event]
    log[level](fields, message)
  }
}
