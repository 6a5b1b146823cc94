import { counterValue } from '../../catalog/catalog.ts'
import { decodeJournalStart, journalStartKey } from '../../catalog/journal/journal-start.ts'
import { decodeBucketConfig } from '../../store/rows/bucket-config-row.ts'
import { decodeBucket, decodeNextBucket } from '../../store/rows/bucket-row.ts'
import { decodeGarbage } from '../../store/rows/garbage-row.ts'
import {
  blobOfGarbage,
  bucketIdOfConfig,
  bucketIdOfRemoved,
  bucketOfKey,
  garbageTotalsKept,
  kindOfConfig,
  nameOfHistory,
  nameOfObject,
  nameOfUpload,
  partNumberOfPart,
  segmentOfGarbage,
  segmentOfGarbageTotal,
  segmentOfLineage,
  spaces,
  startOfPartList,
  uploadIdOfUpload,
  usageNames,
} from '../../store/rows/keys.ts'
import { decodeLineage } from '../../store/rows/lineage-row.ts'
import { decodeMarker, isMarker } from '../../store/rows/marker-row.ts'
import { decodeObject } from '../../store/rows/object-row.ts'
import { decodePartList } from '../../store/rows/part-list-row.ts'
import { decodePart } from '../../store/rows/part-row.ts'
import { requirePendingMove } from '../../store/rows/pending-move-row.ts'
import { decodeStack } from '../../store/rows/stack-row.ts'
import { decodeUpload } from '../../store/rows/upload-row.ts'
import { type Plain, type PlainFields, plain } from './plain.ts'

/** A row in words: what its key says, and what its value does. */
export interface RowWords {
  /** Name of its space. */
  readonly space: string
  readonly key: PlainFields
  /** Null when no value is at hand; text says why it does not decode. */
  readonly value: Plain
}

type SpaceName = keyof typeof spaces

interface SpaceWords {
  readonly key: (key: Buffer) => object
  readonly value: (value: Buffer, key: Buffer) => unknown
}

const usageByByte = new Map<number, string>(
  Object.entries(usageNames).map(([name, byte]) => [byte, name]),
)
const place = (key: Buffer) => ({ segment: key.readUInt32BE(1), offset: key.readUInt32BE(5) })
const bucketId = (key: Buffer) => key.readUInt32BE(1)
const uploadId = (key: Buffer) => key.toString('hex', 1, 17)

/** How each space says what it says. A new space is a new line here. */
const words: Readonly<Partial<Record<SpaceName, SpaceWords>>> = {
  bucket: { key: (key) => ({ name: bucketOfKey(key) }), value: decodeBucket },
  bucketConfig: {
    key: (key) => ({ bucketId: bucketIdOfConfig(key), kind: kindOfConfig(key) }),
    value: (value, key) => {
      const kind = kindOfConfig(key)
      return kind === null ? value : decodeBucketConfig(kind, value)
    },
  },
  counter: {
    key: (key) => ({ bucketId: bucketId(key), counts: usageByByte.get(key[5] ?? 0) ?? null }),
    value: counterValue,
  },
  removedBucket: { key: (key) => ({ bucketId: bucketIdOfRemoved(key) }), value: () => ({}) },
  garbage: {
    key: (key) => ({ segment: segmentOfGarbage(key), blob: blobOfGarbage(key) }),
    value: (value) => ({ storedSize: decodeGarbage(value) }),
  },
  garbageTotal: {
    key: (key) => (key.equals(garbageTotalsKept) ? {} : { segment: segmentOfGarbageTotal(key) }),
    value: (value, key) => (key.equals(garbageTotalsKept) ? {} : counterValue(value)),
  },
  history: {
    key: (key) => ({ bucketId: bucketId(key), name: nameOfHistory(key).toString() }),
    value: (value) => (isMarker(value) ? decodeMarker(value) : decodeObject(value)),
  },
  nextBucket: { key: () => ({}), value: (value) => ({ id: decodeNextBucket(value) }) },
  partChange: { key: (key) => ({ uploadId: uploadId(key) }), value: counterValue },
  partList: {
    key: (key) => ({ bodyId: place(key), start: startOfPartList(key) }),
    value: decodePartList,
  },
  object: {
    key: (key) => ({ bucketId: bucketId(key), name: nameOfObject(key).toString() }),
    value: decodeObject,
  },
  part: {
    key: (key) => ({ uploadId: uploadId(key), partNumber: partNumberOfPart(key) }),
    value: decodePart,
  },
  reference: { key: (key) => ({ bodyId: place(key) }), value: counterValue },
  lineage: {
    key: (key) => ({ segment: segmentOfLineage(key) }),
    value: (value) => ({ successors: decodeLineage(value) }),
  },
  pendingMove: {
    key: (key) => ({ bucketId: bucketId(key), name: nameOfObject(key).toString() }),
    value: (value) => {
      requirePendingMove(value)
      return {}
    },
  },
  upload: {
    key: (key) => ({
      bucketId: bucketId(key),
      name: nameOfUpload(key).toString(),
      uploadId: uploadIdOfUpload(key),
    }),
    value: decodeUpload,
  },
  stack: {
    key: (key) => ({ bucketId: bucketId(key), name: nameOfObject(key).toString() }),
    value: decodeStack,
  },
}

const nameByByte = new Map<number, SpaceName>(
  (Object.keys(spaces) as SpaceName[]).map((name) => [spaces[name], name]),
)

/** @param value null for a row that is deleted, or only added to */
export function describeRow(key: Buffer, value: Buffer | null): RowWords {
  if (key.equals(journalStartKey)) {
    const says = value === null ? null : { sequence: decodeJournalStart(value) }
    return { space: 'journalStart', key: {}, value: says }
  }
  const name = nameByByte.get(key[0] ?? 0)
  const said = name === undefined ? undefined : words[name]
  if (name === undefined || said === undefined) return unknownRow(key, value)
  const { key: ofKey, value: ofValue } = said
  const says = plain(attempt(() => ofKey(key)))
  const fields = typeof says === 'object' && says !== null && !Array.isArray(says) ? says : null
  return {
    space: name,
    key: (fields as PlainFields | null) ?? { bytes: key.toString('hex') },
    value: value === null ? null : plain(attempt(() => ofValue(value, key))),
  }
}

function unknownRow(key: Buffer, value: Buffer | null): RowWords {
  return { space: 'unknown', key: { bytes: key.toString('hex') }, value: plain(value) }
}

/** What does not decode is told in words: whoever inspects wants to see the rest as well. */
function attempt(decode: () => unknown): unknown {
  try {
    return decode()
  } catch (error) {
    return `does not decode: ${error instanceof Error ? error.message : String(error)}`
  }
}
