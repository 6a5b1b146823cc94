/** What each floor is told, out of the settings: no floor sees the whole of them. */
import type { Config } from '../config/schema.ts'

const HOUR_MS = 3_600_000
/** What a crash costs of the heat. */
const HEAT_SAVE_INTERVAL_MS = 10 * 60_000
/** A data file holds at least so many chunks. */
const CHUNKS_MIN = 4

/** The root keys of the configuration, or null: then the stored pair counts. */
export function configuredKeys({ rootAccessKey, rootSecretKey }: Config) {
  if (rootAccessKey === null || rootSecretKey === null) return null
  return { accessKey: rootAccessKey, secretKey: rootSecretKey }
}

/** When segments move to another tier. */
export function tieringOptions({ warmAfterHours, coldAfterHours, tierHeatMax }: Config) {
  const after = (hours: number) => (hours === 0 ? null : hours * HOUR_MS)
  return {
    warmAfterMs: after(warmAfterHours),
    coldAfterMs: after(coldAfterHours),
    heatMax: tierHeatMax,
    heatSaveIntervalMs: HEAT_SAVE_INTERVAL_MS,
  }
}

interface Reserve {
  /** What is kept free of this very disk. */
  readonly reserveSize: number
}

/**
 * How large files may grow: on a full disk, what lives in one is copied into the reserve to give
 * back the rest, so that none is larger than half of that. Without a reserve they are as set.
 */
export function fileSizes(config: Config, { reserveSize }: Reserve) {
  const { chunkSizeMax, segmentSizeMax, journalSegmentSizeMax } = config
  if (reserveSize === 0) return { segmentSizeMax, journalSegmentSizeMax }
  const fitting = Math.max(reserveSize / 2, chunkSizeMax * CHUNKS_MIN)
  return {
    segmentSizeMax: Math.min(segmentSizeMax, fitting),
    journalSegmentSizeMax: Math.min(journalSegmentSizeMax, fitting),
  }
}

/** Of `BlobEngine`. */
export function engineOptions(config: Config, room: Reserve) {
  const { chunkSizeMax, laneCount, readCacheSize: cacheSizeMax } = config
  const { segmentSizeMax } = fileSizes(config, room)
  return { chunkSizeMax, segmentSizeMax, laneCount, cacheSizeMax }
}

/** Of `Compaction`. */
export function compactionOptions(config: Config, room: Reserve) {
  return {
    deadRatioMin: config.compactionDeadPercent / 100,
    ageMinMs: config.compactionAgeMinMs,
    bytesPerSecond: config.compactionRateMax,
    segmentSizeMax: fileSizes(config, room).segmentSizeMax,
  }
}

/** Of `HttpServer`. */
export function httpLimits(config: Config) {
  const { requestsMax, bodiesMax, connectionsMax, headersTimeoutMs, keepAliveTimeoutMs } = config
  const { bodyIdleTimeoutMs, bodyRateMin, replyIdleTimeoutMs } = config
  return {
    requestsMax,
    bodiesMax,
    connectionsMax,
    headersTimeoutMs,
    keepAliveTimeoutMs,
    bodyIdleTimeoutMs,
    bodyRateMin,
    replyIdleTimeoutMs,
  }
}

/** Of `Scrubber`. */
export function scrubOptions({ scrubPeriodMs, scrubRateMax }: Config) {
  return { periodMs: scrubPeriodMs, bytesPerSecondMax: scrubRateMax }
}
