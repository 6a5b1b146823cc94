/** The real floors with three tiers, on disks in memory, with bounds that a few steps cross. */
import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import { LocalCatalog } from '../../../src/catalog/local-catalog.ts'
import { BlobEngine } from '../../../src/engine/blob-engine.ts'
import { loadHeat } from '../../../src/engine/tiering/heat-file.ts'
import type { FileSystem } from '../../../src/platform/file-system.ts'
import { RemoteFileSystem } from '../../../src/platform/remote/remote-file-system.ts'
import type { RemoteFolder } from '../../../src/platform/remote/remote-folder.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { LocalSegments, type LocalSegmentsParts } from '../../../src/segment/local-segments.ts'
import type { Tier } from '../../../src/segment/types.ts'
import { settleSegments } from '../../../src/store/compaction/settle-segments.ts'
import { LocalObjectStore } from '../../../src/store/local-object-store.ts'
import { Readers } from '../../../src/store/readers.ts'
import { Recall } from '../../../src/store/tiering/recall.ts'
import type { TieringOptions } from '../../../src/store/tiering/tiering.ts'
import { checkInvariants } from '../invariants.ts'
import { checkSegments, type SegmentCheckOptions } from '../segment-invariants.ts'
import { Upkeep, type UpkeepEvent } from '../upkeep.ts'

export const storeId = '6f2c1d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f'
const START = 1_700_000_000_000
export const HOUR_MS = 3_600_000

export interface BedOptions extends Partial<TieringOptions> {
  readonly seed?: number
  /** Hours since the first process. */
  readonly hours?: number
  readonly tiers?: LocalSegmentsParts['tiers']
  /** The cold tier is there then. */
  readonly remote?: RemoteFolder
}

export type TieringBed = Awaited<ReturnType<typeof openTieringBed>>

const heatPath = '/data/heat'

/** All floors up to the store. */
async function openFloors(
  local: FileSystem,
  options: BedOptions,
  listener: (event: UpkeepEvent) => void,
) {
  const { seed = 1, hours = 0, tiers = { warm: '/warm', cold: '/cold' }, remote } = options
  const random = new SeededRandom(seed)
  const time = { now: START + hours * HOUR_MS }
  const clock = { now: () => time.now++ }
  const shipping =
    remote === undefined
      ? null
      : new RemoteFileSystem({ local, folder: '/cold', remote, owner: storeId })
  const fs = shipping ?? local
  const parts = { fs, directory: '/data', storeId, clock, random, tiers, shipping }
  const segments = await LocalSegments.open(parts)
  const catalog = await LocalCatalog.open({
    segments,
    kv: new MemoryKv(),
    clock,
    options: { segmentSizeMax: 4096, automatic: false },
  })
  const lineage = await settleSegments({ catalog, segments, listener })
  const heat = await loadHeat(fs, heatPath, { now: clock.now() })
  const engine = await BlobEngine.open({
    segments,
    lineage,
    heat,
    options: { chunkSizeMax: 1024, segmentSizeMax: 8192, laneCount: 1 },
  })
  const readers = new Readers()
  const limits = { inlineSizeMax: 256, partSizeMin: 1 }
  const context = { catalog, engine, clock, random, readers }
  const recall = new Recall(context)
  const store = await LocalObjectStore.open({ ...context, recall, options: limits })
  return { fs, time, segments, lineage, heat, heatPath, recall, store, ...context }
}

export async function openTieringBed(local: FileSystem, options: BedOptions = {}) {
  const events: UpkeepEvent[] = []
  const listener = (event: UpkeepEvent) => void events.push(event)
  const floors = await openFloors(local, options, listener)
  const { segments, catalog, engine, heat, store } = floors
  const upkeep = new Upkeep(floors, {
    listener,
    compaction: { deadRatioMin: 0.2, ageMinMs: 0, bytesPerSecond: 0, segmentSizeMax: 8192 },
    tiering: {
      warmAfterMs: 10 * HOUR_MS,
      coldAfterMs: 100 * HOUR_MS,
      heatMax: 5,
      heatSaveIntervalMs: HOUR_MS,
      ...options,
    },
  })
  const { compaction, tiering } = upkeep
  return {
    store,
    segments,
    catalog,
    engine,
    heat,
    compaction,
    tiering,
    events,
    pass: (spent: number) => {
      floors.time.now += spent * HOUR_MS
    },
    /** Moves until all is in its place. */
    moveAll: () => upkeep.moveAll(),
    /** Seals what is being written, as a full segment is. */
    async sealAll(): Promise<void> {
      const active = () => segments.list('data').filter(({ state }) => state === 'active')
      for (const { id } of active()) engine.retire(id)
      while (active().length > 0) await new Promise((resolve) => setImmediate(resolve))
    },
    /** Live bytes of data segments by tier. */
    dataIn(tier: Tier): number {
      const infos = segments.list('data').filter((info) => info.tier === tier)
      return infos.reduce((sum, { dataSize }) => sum + dataSize, 0)
    },
    async audit(options: SegmentCheckOptions = {}): Promise<void> {
      await catalog.settled()
      checkInvariants(catalog)
      await checkSegments(catalog, segments, options)
    },
    async close(): Promise<void> {
      await upkeep.close()
      await engine[Symbol.asyncDispose]()
      await catalog[Symbol.asyncDispose]()
      await segments[Symbol.asyncDispose]()
    },
  }
}
