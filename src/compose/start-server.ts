/**
 * The composition root: builds every floor from the settings and stops them in reverse. Nothing
 * else makes a floor, and no floor sees the whole of the settings.
 */
import { ClosingStack } from '../base/closing-stack.ts'
import { LocalCatalog } from '../catalog/local-catalog.ts'
import { WriteProbe } from '../catalog/write-probe.ts'
import type { Config } from '../config/schema.ts'
import type { DataDirectory } from '../data-directory.ts'
import { BlobEngine } from '../engine/blob-engine.ts'
import { codecOf } from '../engine/compression/choose.ts'
import type { Heat } from '../engine/tiering/heat.ts'
import { loadHeat, saveHeat } from '../engine/tiering/heat-file.ts'
import { HttpServer } from '../http/server.ts'
import type { Credential } from '../identity/identity.ts'
import { LocalIdentity } from '../identity/local-identity.ts'
import { Scrubber } from '../maintenance/scrub/scrubber.ts'
import type { BucketName } from '../model/bucket-name.ts'
import { DiskRoom } from '../platform/disk-room.ts'
import { Dispatcher } from '../s3/dispatch.ts'
import { LocalSegments } from '../segment/local-segments.ts'
import { BackgroundCompaction } from '../store/compaction/background-compaction.ts'
import { BlobAudit, takeStock } from '../store/compaction/blob-audit.ts'
import { Compaction, type CompactionParts } from '../store/compaction/compaction.ts'
import type { CompactionEvent } from '../store/compaction/events.ts'
import type { SpaceUsage } from '../store/compaction/segment-space.ts'
import { settleSegments } from '../store/compaction/settle-segments.ts'
import { StoreError } from '../store/errors.ts'
import { LocalObjectStore } from '../store/local-object-store.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { Readers } from '../store/readers.ts'
import { Recall } from '../store/tiering/recall.ts'
import { Tiering } from '../store/tiering/tiering.ts'
import { inTurn } from '../store/tiering/upkeep.ts'
import {
  catalogLog,
  compactionLog,
  engineLog,
  scrubLog,
  tieringLog,
} from '../telemetry/floor-log.ts'
import type { Log } from '../telemetry/log.ts'
import { MetricsPage } from '../telemetry/metrics/metrics-page.ts'
import { requestLog } from '../telemetry/request-log.ts'
import {
  compactionOptions,
  configuredKeys,
  engineOptions,
  fileSizes,
  httpLimits,
  scrubOptions,
  tieringOptions,
} from './floor-options.ts'
import type { Ground } from './ground.ts'
import { type MirrorWatch, openDirectory } from './open-directory.ts'
import { conditionsOf, journalRemark, mirrorConditions, Readiness } from './readiness.ts'
import { tierGround } from './tier-ground.ts'

export interface StartInput {
  readonly config: Config
  readonly ground: Ground
  readonly log: Log
}

/** A server that answers requests. Stopping it releases everything it holds. */
export class RunningServer implements AsyncDisposable {
  /** Where clients reach it, without a trailing slash. */
  readonly endpoint: string
  readonly port: number
  readonly root: Credential
  /** True when the root keys were made at this start. */
  readonly isRootNew: boolean
  readonly #http: HttpServer
  readonly #compaction: Compaction
  readonly #floors: ClosingStack
  readonly #drainTimeoutMs: number
  #stopped: Promise<boolean> | null = null

  constructor(parts: RunningServerParts) {
    const { host, port } = parts.http.address
    this.endpoint = endpointOf(host, port)
    this.port = port
    this.root = parts.identity.root
    this.isRootNew = parts.identity.isNew
    this.#http = parts.http
    this.#compaction = parts.compaction
    this.#floors = parts.floors
    this.#drainTimeoutMs = parts.drainTimeoutMs
  }

  /** What lives on the disk, what is dead, and what is about to come free; true after each delete. */
  space(): SpaceUsage {
    return this.#compaction.space()
  }

  /**
   * Takes no new requests, lets those under way finish, and closes every floor, top first. Resolves
   * when the data directory is free again: true when no request had to be cut off. Idempotent.
   */
  stop(): Promise<boolean> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(): Promise<boolean> {
    try {
      return await this.#http.drain(this.#drainTimeoutMs)
    } finally {
      await this.#floors[Symbol.asyncDispose]()
    }
  }
}

interface RunningServerParts {
  readonly http: HttpServer
  readonly identity: LocalIdentity
  readonly compaction: Compaction
  readonly floors: ClosingStack
  readonly drainTimeoutMs: number
}

/**
 * Opens the data directory and everything above it, and listens. When it rejects, nothing is left
 * open.
 *
 * @throws DataDirectoryError, IdentityError, and the errors of the floors and the system
 */
export async function startServer(input: StartInput): Promise<RunningServer> {
  const floors = new ClosingStack()
  try {
    const readiness = new Readiness()
    const watch: MirrorWatch = { segments: null }
    const directory = floors.own(await openDirectory(input, watch))
    const ground = { ...input.ground, fileSystem: directory.fileSystem }
    // Before what may take long: probes learn that this is alive, and not ready.
    const metrics = input.config.metrics === 'off' ? null : await MetricsPage.open()
    const http = floors.own(await listen(input, readiness, metrics))
    const opened = await openStore({ ...input, ground }, { directory, readiness, floors })
    const { store, identity, engine, segments, compaction, scrubber } = opened
    watch.segments = segments
    readiness.watch(() => mirrorConditions(directory.mirror?.problems ?? []))
    directory.mirror?.start()
    metrics?.attach({
      store,
      engine: () => engine.counters,
      space: () => compaction.space(),
      findingCount: () => segments.findings.length + readiness.remarkCount,
      scrub: () => scrubber.position,
      isReady: () => readiness.notReady() === null,
    })
    http.serve(dispatcherOf(input, store, identity))
    readiness.phase = null
    const { drainTimeoutMs } = input.config
    const server = new RunningServer({ http, identity, compaction, floors, drainTimeoutMs })
    input.log.info({ endpoint: server.endpoint, region: input.config.region }, 'listening')
    return server
  } catch (error) {
    await floors[Symbol.asyncDispose]().catch((cause: unknown) => {
      input.log.error({ cause }, 'what had been opened could not be closed')
    })
    throw error
  }
}

interface StoreGround {
  readonly directory: DataDirectory
  readonly readiness: Readiness
  readonly floors: ClosingStack
}

/** The floors up to catalog and engine, from the ground. */
async function openEngine(input: StartInput, place: StoreGround) {
  const { config, ground, log } = input
  const { directory, readiness, floors } = place
  const { fileSystem, clock, random } = ground
  const { path, storeId } = directory
  const { reserveSize } = config
  const room = floors.own(await DiskRoom.open({ fs: fileSystem, path, reserveSize }))
  readiness.phase = 'starting: looking at the data files'
  const { remote, ...tiers } = tierGround(config, { fileSystem, path, storeId })
  floors.own(remote)
  const segments = floors.own(
    await LocalSegments.open({
      ...tiers,
      mirror: directory.mirror?.fileSystem ?? null,
      directory: path,
      storeId,
      clock,
      random,
    }),
  )
  const found = takeStock(segments)
  const journalDamage = { isFound: false }
  const catalog = await openCatalog({ ...input, ...place, room, segments, journalDamage })
  // Between the two: lineage is rows, and what was replaced must not be taken for data.
  const compactionToLog = compactionLog(log)
  const listener = (event: CompactionEvent) => {
    compactionToLog(event)
    if (event.event === 'segment-missing') readiness.remark(`missing: data file ${event.segment}`)
  }
  const engineToLog = engineLog(log)
  const lineage = await settleSegments({ catalog, segments, listener })
  const heatPath = `${path}/heat`
  const heat = await loadHeat(fileSystem, heatPath, { now: clock.now() })
  const engine = floors.own(
    await BlobEngine.open({
      segments,
      lineage,
      options: engineOptions(config, room),
      listener: (event) => {
        engineToLog(event)
        if (event.event === 'blob-missing') readiness.remark(`missing: ${event.reason}`)
      },
      room,
      ...(segments.tiers.length > 1 ? { heat } : {}),
    }),
  )
  const parts = { room, segments, catalog, engine, lineage, listener, found, journalDamage }
  return { ...parts, heat, heatPath }
}

/** The store over them, what keeps it in order, and who may use it. */
async function openStore(input: StartInput, ground: StoreGround) {
  const { config, log } = input
  const { floors } = ground
  const { path } = ground.directory
  const { fileSystem, clock, random } = input.ground
  const lower = await openEngine(input, ground)
  const { segments, catalog, engine, lineage, listener, found, journalDamage } = lower
  const readers = new Readers()
  const parts = { ...lower, journal: catalog.release, readers, clock }
  const isSound = () => !journalDamage.isFound && segments.findings.length === 0
  const audit = new BlobAudit({ catalog, segments, found, isSound, lineage, listener })
  const upkeep = openUpkeep(input, { ...parts, audit })
  const { compaction, recall } = upkeep
  const background = floors.own(upkeep.background)
  const { inlineSizeMax, newBucketAccess } = config
  const store = await LocalObjectStore.open({
    catalog,
    engine,
    clock,
    random,
    readers,
    options: { inlineSizeMax, newBucketAccess },
    ...(segments.tiers.length > 1 ? { recall } : {}),
    onDeleted: () => background.notice(),
  })
  if (upkeep.isWanted) background.start()
  const scrubber = floors.own(
    new Scrubber({
      ...{ segments, fileSystem, path, clock },
      isBusy: () => engine.isAppending || readers.count > 0,
      options: scrubOptions(config),
      listener: scrubLog(log),
    }),
  )
  if (config.scrub === 'on') scrubber.start()
  const identity = await LocalIdentity.open({
    fileSystem,
    random,
    directory: path,
    configured: configuredKeys(config),
  })
  for (const bucket of config.buckets) await makeBucket(store, bucket, config.region)
  return { store, identity, engine, segments, compaction, scrubber }
}

interface UpkeepGround extends Omit<CompactionParts, 'options' | 'engine'> {
  readonly engine: BlobEngine
  readonly audit: BlobAudit
  readonly heat: Heat
  readonly heatPath: string
  readonly room: DiskRoom
}

/** What moves stored bytes in the background: first what makes room, then what only moves. */
function openUpkeep({ config, ground, log }: StartInput, parts: UpkeepGround) {
  const { segments, heat, heatPath, room } = parts
  const recall = new Recall(parts)
  const compaction = new Compaction({
    ...parts,
    options: compactionOptions(config, room),
    onReplaced: (sources, output) => heat.inherit(sources, output),
  })
  const tiering = new Tiering(parts, {
    ...parts,
    recall,
    compaction,
    saveHeat: () => saveHeat(ground.fileSystem, heatPath, heat),
    options: tieringOptions(config),
    listener: tieringLog(log),
  })
  const hasTiers = segments.tiers.length > 1
  const isCompacting = config.compaction === 'on'
  const idle = { step: async () => false, close: () => compaction.close() }
  const making = isCompacting ? [parts.audit, compaction] : [idle]
  const work = inTurn([...making, ...(hasTiers ? [tiering] : [])])
  const background = new BackgroundCompaction(work, { intervalMs: config.compactionIntervalMs })
  return { compaction, recall, background, isWanted: isCompacting || hasTiers }
}

interface CatalogGround extends StartInput, StoreGround {
  readonly segments: LocalSegments
  readonly journalDamage: { isFound: boolean }
  readonly room: DiskRoom
}

/** The catalog, and what readiness asks about it. */
async function openCatalog(ground: CatalogGround): Promise<LocalCatalog> {
  const { config, log, segments, room, readiness, directory, floors } = ground
  readiness.phase = 'starting: bringing the index up to date with the journal'
  const probe = new WriteProbe()
  const toLog = catalogLog(log)
  // Before the engine: recovery learns which segment ids were ever used.
  const catalog = floors.own(
    await LocalCatalog.open({
      segments,
      kv: await ground.ground.openIndex(`${directory.home}/index`, directory.storeId),
      clock: ground.ground.clock,
      codec: codecOf.zstd,
      options: {
        segmentSizeMax: fileSizes(config, room).journalSegmentSizeMax,
        retentionMs: config.journalRetentionMs,
      },
      listener: (event) => {
        toLog(event)
        probe.note(event)
        if (event.event !== 'finding') return
        ground.journalDamage.isFound = true
        readiness.remark(journalRemark(event.finding))
      },
      room,
    }),
  )
  floors.own(probe).watch(catalog)
  readiness.watch(() => conditionsOf({ probe, room, segments }))
  return catalog
}

function dispatcherOf(
  { config, ground }: StartInput,
  store: ObjectStore,
  identity: LocalIdentity,
): Dispatcher {
  const { region, domain } = config
  return new Dispatcher({ store, identity, region, domains: domain, clock: ground.clock })
}

function listen(
  { config, log }: StartInput,
  health: Readiness,
  metrics: MetricsPage | null,
): Promise<HttpServer> {
  const toLog = requestLog(log)
  return HttpServer.open({
    host: config.host,
    port: config.port,
    health,
    ...(metrics === null
      ? { onRequest: toLog }
      : {
          metrics: {
            contentType: metrics.contentType,
            token: config.metricsToken,
            render: () => metrics.render(),
          },
          onRequest: (event) => {
            toLog(event)
            metrics.onRequest(event)
          },
        }),
    limits: httpLimits(config),
  })
}

async function makeBucket(store: ObjectStore, bucket: BucketName, region: string): Promise<void> {
  try {
    await store.createBucket(bucket, { region })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'bucket-exists') throw error
  }
}

/** A server that listens on all addresses is reached, from this machine, on its loopback. */
function endpointOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`
  if (host === '::') return `http://[::1]:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
