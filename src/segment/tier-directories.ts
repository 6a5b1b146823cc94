/**
 * Where the segments of each tier lie, and the proof that a tier's directory is this store's.
 *
 * A disk that is not mounted looks like an empty directory. So a tier's directory carries a marker
 * with the store id, and the data directory remembers which tiers are in use: a tier in use whose
 * marker is not there is refused, never taken for an empty one (docs/format.md#tier-directories).
 */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { readFile, writeFileAtomically } from '../platform/atomic-file.ts'
import { errnoOf, type FileSystem } from '../platform/file-system.ts'
import { SegmentError } from './errors.ts'
import { folderNames, idOfName } from './segment-names.ts'
import type { SegmentKind, Tier } from './types.ts'

/** The directory of each tier that has one of its own; hot is the data directory. */
export interface TierDirectories {
  readonly warm?: string
  readonly cold?: string
}

export interface TierDirectoriesParts {
  readonly fs: FileSystem
  /** The data directory. */
  readonly directory: string
  readonly storeId: string
  readonly tiers: TierDirectories
}

const FORMAT_VERSION = 1
/** In the data directory: which tiers are in use, and where. */
export const TIERS_FILE = 'tiers.json'
/** In the directory of a tier: whose it is. */
export const MARKER_FILE = 'varve-tier.json'

/** Of what stays of a segment that lies elsewhere. */
const STUB_NAME = /^[0-9a-f]{8}\.seg\.remote$/

const ownTiers = ['warm', 'cold'] as const
type OwnTier = (typeof ownTiers)[number]
type Book = { [Name in OwnTier]?: string }

/** The folders that hold segment files. */
export class SegmentFolders {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #tiers: TierDirectories

  private constructor({ fs, directory, tiers }: TierDirectoriesParts) {
    this.#fs = fs
    this.#directory = directory
    this.#tiers = tiers
  }

  /**
   * Makes the folders, and takes the directories of the tiers for this store; durable at resolve.
   *
   * @throws SegmentError `refused-tier`
   */
  static async open(parts: TierDirectoriesParts): Promise<SegmentFolders> {
    const { fs, directory } = parts
    for (const kind of Object.keys(folderNames) as SegmentKind[]) {
      await fs.makeDirectory(`${directory}/${folderNames[kind]}`)
    }
    const book = await readBook(fs, directory)
    for (const tier of ownTiers) await settleTier(parts, tier, book)
    return new SegmentFolders(parts)
  }

  /** Tiers that data segments can be made in; hot always is one. */
  get tiers(): readonly Tier[] {
    return ['hot', ...ownTiers.filter((tier) => this.#tiers[tier] !== undefined)]
  }

  of(kind: SegmentKind, tier: Tier): string {
    if (kind !== 'data' || tier === 'hot') return `${this.#directory}/${folderNames[kind]}`
    const own = this.#tiers[tier]
    assert(own !== undefined, `the ${tier} tier has no directory`)
    return own
  }

  get all(): readonly { readonly kind: SegmentKind; readonly tier: Tier }[] {
    const kinds = Object.keys(folderNames) as SegmentKind[]
    const data = this.tiers.map((tier) => ({ kind: 'data', tier }) as const)
    return [
      ...data,
      ...kinds.filter((kind) => kind !== 'data').map((kind) => ({ kind, tier: 'hot' }) as const),
    ]
  }

  /**
   * To be called before a file is made in a tier's folder: a disk that went away leaves an empty
   * mount point, and what is written there would be gone when it comes back.
   *
   * @throws SegmentError `refused-tier`
   */
  async requireThere(kind: SegmentKind, tier: Tier): Promise<void> {
    if (kind !== 'data' || tier === 'hot') return
    const file = `${this.of(kind, tier)}/${MARKER_FILE}`
    if ((await this.#fs.stat(file)) === null) throw gone(file, tier)
  }
}

async function settleTier(parts: TierDirectoriesParts, tier: OwnTier, book: Book): Promise<void> {
  const { fs, directory, tiers } = parts
  const [wanted, known] = [tiers[tier], book[tier]]
  if (wanted === undefined && known === undefined) return
  if (wanted === undefined) await requireUnused(parts, tier, known ?? '')
  else if (known === undefined) await takeFirst(parts, tier, wanted)
  else await requireMarker(parts, tier, wanted)
  if (wanted !== undefined) await requireNoStubs(fs, wanted)
  if (wanted === known) return
  if (wanted === undefined) delete book[tier]
  else book[tier] = wanted
  const text = JSON.stringify({ format: FORMAT_VERSION, tiers: book })
  await writeFileAtomically(fs, `${directory}/${TIERS_FILE}`, Buffer.from(`${text}\n`))
}

/** A tier may be given up once nothing lies in it. */
async function requireUnused(
  { fs, storeId }: TierDirectoriesParts,
  tier: OwnTier,
  known: string,
): Promise<void> {
  const isOurs = (await markerIn(fs, known))?.storeId === storeId
  const isSegment = (name: string) => idOfName(name) !== null || STUB_NAME.test(name)
  const isUsed = isOurs && (await fs.list(known)).some(isSegment)
  if (isOurs && !isUsed) return
  const why = isOurs ? 'data lies there' : 'data may lie there, and its disk is not mounted'
  throw refused(
    known,
    `the ${tier} tier of this store is in ${known}, and no setting names it: ${why}`,
  )
}

/** Who sees the stubs of segments that lie elsewhere cannot read those. */
async function requireNoStubs(fs: FileSystem, folder: string): Promise<void> {
  if (!(await fs.list(folder)).some((name) => STUB_NAME.test(name))) return
  throw refused(folder, `segments of ${folder} lie in a bucket, and no setting names it`)
}

/** The marker is durable before the data directory says that the tier is in use. */
async function takeFirst(
  parts: TierDirectoriesParts,
  tier: OwnTier,
  wanted: string,
): Promise<void> {
  const { fs, directory, storeId } = parts
  const taken = [directory, ...Object.values(folderNames).map((name) => `${directory}/${name}`)]
  if (taken.some((path) => resolve(path) === resolve(wanted))) {
    throw refused(wanted, `the ${tier} tier needs a directory of its own, and ${wanted} is used`)
  }
  await fs.makeDirectory(wanted)
  if ((await markerIn(fs, wanted)) !== null) return requireMarker(parts, tier, wanted)
  if ((await fs.list(wanted)).some((name) => idOfName(name) !== null)) {
    throw refused(wanted, `${wanted} holds segments and no ${MARKER_FILE} that says whose they are`)
  }
  const text = JSON.stringify({ format: FORMAT_VERSION, storeId, tier })
  await writeFileAtomically(fs, `${wanted}/${MARKER_FILE}`, Buffer.from(`${text}\n`))
}

async function requireMarker(
  { fs, storeId }: TierDirectoriesParts,
  tier: OwnTier,
  wanted: string,
): Promise<void> {
  const marker = await markerIn(fs, wanted)
  const file = `${wanted}/${MARKER_FILE}`
  if (marker === null) throw gone(file, tier)
  if (marker.storeId !== storeId) throw refused(file, `${wanted} belongs to another store`)
  if (marker.tier === tier) return
  throw refused(file, `${wanted} is the ${marker.tier} tier of this store, not the ${tier} one`)
}

async function markerIn(
  fs: FileSystem,
  folder: string,
): Promise<{ readonly storeId: string; readonly tier: string } | null> {
  const file = `${folder}/${MARKER_FILE}`
  const found = await readJson(fs, file)
  if (found === null) return null
  const { storeId, tier } = found
  if (typeof storeId === 'string' && typeof tier === 'string') return { storeId, tier }
  throw refused(file, `${file} is damaged: it does not say whose the directory is`)
}

async function readBook(fs: FileSystem, directory: string): Promise<Book> {
  const file = `${directory}/${TIERS_FILE}`
  if ((await fs.stat(file)) === null) return {}
  const found = await readJson(fs, file)
  if (found === null) return {}
  const { tiers } = found
  const book: Book = {}
  if (typeof tiers !== 'object' || tiers === null) throw refused(file, `${file} is damaged`)
  for (const [tier, path] of Object.entries(tiers)) {
    const known = ownTiers.find((name) => name === tier)
    if (known === undefined || typeof path !== 'string') throw refused(file, `${file} is damaged`)
    book[known] = path
  }
  return book
}

/** Null when there is no such file. */
async function readJson(
  fs: FileSystem,
  file: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const bytes = await readIfThere(fs, file)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    const found = value as Readonly<Record<string, unknown>>
    if (typeof value === 'object' && found['format'] === FORMAT_VERSION) return found
  } catch (cause) {
    throw refused(file, `${file} is damaged: it is not JSON`, cause)
  }
  throw refused(file, `${file} is of a format that this version of Varve does not know`)
}

/** The folder may be missing too, or be a file. */
async function readIfThere(fs: FileSystem, file: string): Promise<Buffer | null> {
  try {
    return await readFile(fs, file)
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return null
    throw error
  }
}

function gone(file: string, tier: Tier): SegmentError {
  return refused(file, `${file} is missing: is the disk of the ${tier} tier mounted?`)
}

function refused(file: string, message: string, cause?: unknown): SegmentError {
  return new SegmentError('refused-tier', { file, message }, { cause })
}
