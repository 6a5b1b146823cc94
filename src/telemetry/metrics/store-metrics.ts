import type { Registry } from 'prom-client'
import type { EngineCounters } from '../../engine/events.ts'
import type { ScrubPosition } from '../../maintenance/scrub/scrub-position.ts'
import type { SpaceUsage } from '../../store/compaction/segment-space.ts'
import type { BucketUsage, ObjectStore } from '../../store/object-store.ts'
import type { Prometheus } from './request-metrics.ts'

/** Asked when somebody reads the metrics, and only then. */
export interface StoreSources {
  readonly engine: () => EngineCounters
  readonly space: () => SpaceUsage
  /** Damage found since start. */
  readonly findingCount: () => number
  /** The pass over everything stored, as far as it has come; null before the first one. */
  readonly scrub: () => ScrubPosition | null
  readonly isReady: () => boolean
  readonly store: Pick<ObjectStore, 'listBuckets' | 'usage'>
}

/** Usage is told of the first so many buckets, by name: a page has to end somewhere. */
const BUCKET_COUNT_MAX = 1000

/** Sums of the engine by metric name; all of them only grow. */
const engineHelp = {
  blobsAppended: ['blobs_appended', 'Bodies written to data files.'],
  rawBytes: ['raw_bytes', 'Bytes given to the engine to keep.'],
  storedBytes: ['stored_bytes', 'What was left of them on disk, headers included.'],
  compressedRawBytes: ['compressed_raw_bytes', 'Bytes that were worth compressing, before.'],
  compressedBytes: ['compressed_bytes', 'The same after: the difference was saved.'],
  plainBytes: ['plain_bytes', 'Bytes kept as they are because they do not shrink.'],
  chunksRead: ['chunks_read', 'Chunks read from disk and verified.'],
  lookups: ['lookups', 'Records that were not where they were first written.'],
  bloomNegatives: ['bloom_negatives', 'Disk reads that Bloom filters made needless.'],
  bloomPositives: ['bloom_positives', 'Segments a Bloom filter rightly named.'],
  bloomFalsePositives: ['bloom_false_positives', 'Segments a Bloom filter wrongly named.'],
  lookupReads: ['lookup_reads', 'Disk reads of index pages for look-ups.'],
} as const satisfies Record<keyof EngineCounters, readonly [name: string, help: string]>

const bucketHelp = {
  objects: 'Current objects.',
  olderVersions: 'Older versions and delete markers.',
  bytes: 'Logical bytes of all versions.',
  storedBytes: 'Bytes on disk of all versions.',
  uploads: 'Multipart uploads in progress.',
  partBytes: 'Bytes of parts not yet completed.',
} as const

type BucketMetric = keyof typeof bucketHelp

/** @returns brings the metrics up to date; to be awaited before they are read */
export function storeMetrics(
  prometheus: Prometheus,
  registry: Registry,
  sources: StoreSources,
): () => Promise<void> {
  const registers = [registry]
  const refreshEngine = engineMetrics(prometheus, registry, sources)
  const refreshScrub = scrubMetrics(prometheus, registry, sources)
  const refreshBuckets = bucketMetrics(prometheus, registry, sources)
  const space = new prometheus.Gauge({
    name: 'varve_space_bytes',
    help: 'Bytes in data and journal files, by tier: live, dead, or in files about to be removed.',
    labelNames: ['tier', 'state'],
    registers,
  })
  const findings = new prometheus.Gauge({
    name: 'varve_findings',
    help: 'Places in files found damaged or missing since start. Anything above 0 wants a look.',
    registers,
  })
  const ready = new prometheus.Gauge({
    name: 'varve_ready',
    help: '1 while requests can be served as they should, as /health/ready tells.',
    registers,
  })
  return async () => {
    refreshEngine()
    refreshScrub()
    for (const [tier, { live, dead, reclaiming }] of Object.entries(sources.space().tiers)) {
      space.set({ tier, state: 'live' }, live)
      space.set({ tier, state: 'dead' }, dead)
      space.set({ tier, state: 'reclaiming' }, reclaiming)
    }
    findings.set(sources.findingCount())
    ready.set(sources.isReady() ? 1 : 0)
    await refreshBuckets()
  }
}

function engineMetrics(
  prometheus: Prometheus,
  registry: Registry,
  sources: StoreSources,
): () => void {
  const counters = Object.entries(engineHelp).map(([key, [name, help]]) => {
    const metric = { name: `varve_engine_${name}_total`, help, registers: [registry] }
    return [key as keyof EngineCounters, new prometheus.Counter(metric)] as const
  })
  return () => {
    const sums = sources.engine()
    for (const [key, counter] of counters) {
      counter.reset()
      counter.inc(sums[key])
    }
  }
}

function scrubMetrics(
  prometheus: Prometheus,
  registry: Registry,
  sources: StoreSources,
): () => void {
  const registers = [registry]
  const damages = new prometheus.Gauge({
    name: 'varve_scrub_damages',
    help: 'Damage found by the scrub pass under way, or the last one. Alert above 0.',
    registers,
  })
  const bytes = new prometheus.Gauge({
    name: 'varve_scrub_verified_bytes',
    help: 'Bytes verified by that pass.',
    registers,
  })
  const startedAt = new prometheus.Gauge({
    name: 'varve_scrub_started_seconds',
    help: 'When that pass began, in seconds since the Unix epoch.',
    registers,
  })
  return () => {
    const position = sources.scrub()
    if (position === null) return
    damages.set(position.damageCount)
    bytes.set(position.verifiedSize)
    startedAt.set(position.startedAt / 1000)
  }
}

function bucketMetrics(
  prometheus: Prometheus,
  registry: Registry,
  sources: StoreSources,
): () => Promise<void> {
  const registers = [registry]
  const buckets = new prometheus.Gauge({
    name: 'varve_buckets',
    help: 'Buckets whose usage is told here.',
    registers,
  })
  const gauges = Object.entries(bucketHelp).map(([key, help]) => {
    const name = `varve_bucket_${snake(key)}`
    const gauge = new prometheus.Gauge({ name, help, labelNames: ['bucket'], registers })
    return [key as BucketMetric, gauge] as const
  })
  const byTier = bucketTierMetrics(prometheus, registry)
  return async () => {
    const { store } = sources
    const page = await store.listBuckets({ prefix: '', after: '', limit: BUCKET_COUNT_MAX })
    const usages = await Promise.all(
      // A bucket may go between the two questions.
      page.buckets.map(async ({ name }) => ({
        bucket: name,
        usage: await store.usage(name).catch(() => null),
      })),
    )
    buckets.set(usages.length)
    for (const [key, gauge] of gauges) {
      // Buckets that are gone must not stay here.
      gauge.reset()
      for (const { bucket, usage } of usages) {
        if (usage !== null) gauge.set({ bucket }, usage[key])
      }
    }
    byTier(usages)
  }
}

interface ToldUsage {
  readonly bucket: string
  readonly usage: BucketUsage | null
}

function bucketTierMetrics(
  prometheus: Prometheus,
  registry: Registry,
): (usages: readonly ToldUsage[]) => void {
  const options = { labelNames: ['bucket', 'tier'], registers: [registry] }
  const bytes = new prometheus.Gauge({
    name: 'varve_bucket_tier_bytes',
    help: 'Logical bytes of all versions by the tier their storage class put them in.',
    ...options,
  })
  const storedBytes = new prometheus.Gauge({
    name: 'varve_bucket_tier_stored_bytes',
    help: 'Bytes on disk of all versions by the tier their storage class put them in.',
    ...options,
  })
  return (usages) => {
    bytes.reset()
    storedBytes.reset()
    for (const { bucket, usage } of usages) {
      for (const [tier, told] of Object.entries(usage?.tiers ?? {})) {
        bytes.set({ bucket, tier }, told.bytes)
        storedBytes.set({ bucket, tier }, told.storedBytes)
      }
    }
  }
}

function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
