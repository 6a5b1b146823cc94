/** Takes stock of the segment folders of a data directory at start. */
import type { FileSystem } from '../platform/file-system.ts'
import { SegmentError } from './errors.ts'
import { LiveSegment } from './live-segment.ts'
import { inspectSegment } from './segment-file.ts'
import { folderNames, idOfName, isSnapshotName, UNFINISHED_SUFFIX } from './segment-names.ts'
import type { SegmentFinding } from './segments.ts'
import type { SegmentKind } from './types.ts'

export interface DirectoryParts {
  readonly fs: FileSystem
  readonly directory: string
  readonly storeId: Uint8Array
  /** Files inspected at a time. */
  readonly concurrency: number
}

export interface DirectoryStock {
  readonly segments: readonly LiveSegment[]
  readonly findings: readonly SegmentFinding[]
  /** Above every id any file of the folders has in its name or header. */
  readonly nextId: number
}

interface Candidate {
  readonly kind: SegmentKind
  readonly folder: string
  readonly name: string
}

/** @throws SegmentError `unknown-version` */
export async function openDirectory(parts: DirectoryParts): Promise<DirectoryStock> {
  const segments: LiveSegment[] = []
  const findings: SegmentFinding[] = []
  const candidates = await listCandidates(parts)
  let maxId = 0
  const inspectNext = async () => {
    for (let next = candidates.pop(); next !== undefined; next = candidates.pop()) {
      maxId = Math.max(maxId, idOfName(next.name) ?? 0)
      const segment = await takeStock(parts, next, findings)
      if (segment === null) continue
      maxId = Math.max(maxId, segment.id)
      segments.push(segment)
    }
  }
  await Promise.all(Array.from({ length: parts.concurrency }, inspectNext))
  return { segments, findings, nextId: maxId + 1 }
}

async function listCandidates({ fs, directory }: DirectoryParts): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const kind of Object.keys(folderNames) as SegmentKind[]) {
    const folder = `${directory}/${folderNames[kind]}`
    await fs.makeDirectory(folder)
    for (const name of await fs.list(folder)) candidates.push({ kind, folder, name })
  }
  return candidates
}

/** Null for what is no segment; what is unfinished is removed. */
async function takeStock(
  { fs, storeId }: DirectoryParts,
  { kind, folder, name }: Candidate,
  findings: SegmentFinding[],
): Promise<LiveSegment | null> {
  const path = `${folder}/${name}`
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
      return LiveSegment.found(path, found)
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
