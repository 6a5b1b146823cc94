/** What each floor is told, out of the settings: no floor sees the whole of them. */
import type { Config } from './config/schema.ts'

const HOUR_MS = 3_600_000
/** What a crash costs of the heat. */
const HEAT_SAVE_INTERVAL_MS = 10 * 60_000

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

/** Of `BlobEngine`. */
export function engineOptions(config: Config) {
  const { chunkSizeMax, segmentSizeMax, laneCount, readCacheSize } = config
  return { chunkSizeMax, segmentSizeMax, laneCount, cacheSizeMax: readCacheSize }
}

/** Of `Compaction`. */
export function compactionOptions(config: Config) {
  return {
    deadRatioMin: config.compactionDeadPercent / 100,
    ageMinMs: config.compactionAgeMinMs,
    bytesPerSecond: config.compactionRateMax,
    segmentSizeMax: config.segmentSizeMax,
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
