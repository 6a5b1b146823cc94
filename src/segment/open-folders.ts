/** Takes stock of all segment folders at start. */
import type { FileSystem } from '../platform/file-system.ts'
import { SegmentError } from './errors.ts'
import { LiveSegment } from './live-segment.ts'
import { inspectSegment } from './segment-file.ts'
import { idOfName, isSnapshotName, UNFINISHED_SUFFIX } from './segment-names.ts'
import type { SegmentFinding } from './segments.ts'
import type { SegmentFolders } from './tier-directories.ts'
import type { SegmentKind, Tier } from './types.ts'

export interface FoldersParts {
  readonly fs: FileSystem
  readonly folders: SegmentFolders
  readonly storeId: Uint8Array
  /** Files inspected at a time. */
  readonly concurrency: number
}

export interface SegmentStock {
  readonly segments: readonly LiveSegment[]
  readonly findings: readonly SegmentFinding[]
  /** Above every id any file of the folders has in its name or header. */
  readonly nextId: number
}

interface Candidate {
  readonly kind: SegmentKind
  readonly tier: Tier
  readonly folder: string
  readonly name: string
}

/** @throws SegmentError `unknown-version` */
export async function openFolders(parts: FoldersParts): Promise<SegmentStock> {
  const segments = new Map<number, LiveSegment>()
  const findings: SegmentFinding[] = []
  const candidates = await listCandidates(parts)
  let maxId = 0
  const inspectNext = async () => {
    for (let next = candidates.pop(); next !== undefined; next = candidates.pop()) {
      maxId = Math.max(maxId, idOfName(next.name) ?? 0)
      const segment = await takeStock(parts, next, findings)
      if (segment === null) continue
      maxId = Math.max(maxId, segment.id)
      keep(segments, segment, findings)
    }
  }
  await Promise.all(Array.from({ length: parts.concurrency }, inspectNext))
  return { segments: [...segments.values()], findings, nextId: maxId + 1 }
}

/** Ids are unique over all folders: of two files with one id, which nobody but a person makes. */
function keep(
  segments: Map<number, LiveSegment>,
  segment: LiveSegment,
  findings: SegmentFinding[],
): void {
  const other = segments.get(segment.id)
  if (other === undefined) {
    segments.set(segment.id, segment)
    return
  }
  const isBetter = segment.state === 'sealed' && other.state !== 'sealed'
  if (isBetter) segments.set(segment.id, segment)
  const file = (isBetter ? other : segment).path
  findings.push({ file, offset: 0, field: 'segment id of another file' })
}

async function listCandidates({ fs, folders }: FoldersParts): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const { kind, tier } of folders.all) {
    const folder = folders.of(kind, tier)
    for (const name of await fs.list(folder)) candidates.push({ kind, tier, folder, name })
  }
  return candidates
}

/** Null for what is no segment; what is unfinished is removed. */
async function takeStock(
  { fs, storeId }: FoldersParts,
  { kind, tier, folder, name }: Candidate,
  findings: SegmentFinding[],
): Promise<LiveSegment | null> {
  const path = `${folder}/${name}`
  // A tier's directory may be somebody else's too: what has no name of ours is left alone.
  if (tier !== 'hot' && idOfName(name) === null) return null
  if (name.endsWith(UNFINISHED_SUFFIX)) {
    await fs.remove(path)
    return null
  }
  const id = kind === 'snapshot' ? null : idOfName(name)
  if (kind === 'snapshot' ? !isSnapshotName(name) : id === null) return null
  const handle = await fs.open(path, 'read')
  try {
    const found = await inspectSegment(handle, { kind, id, storeId })
    if (found !== null) {
      findings.push(...found.findings)
      return LiveSegment.found(path, tier, found)
    }
  } catch (error) {
    if (!(error instanceof SegmentError) || error.kind !== 'corruption') throw error
    findings.push({ file: path, offset: 0, field: error.detail.field ?? 'header' })
    return null
  } finally {
    await handle.close()
  }
  await fs.remove(path)
  return null
}
