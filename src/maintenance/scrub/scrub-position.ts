import { readFile, writeFileAtomically } from '../../platform/atomic-file.ts'
import type { FileSystem } from '../../platform/file-system.ts'

/** How far a pass over all segments has come. */
export interface ScrubPosition {
  /** When the pass began, in milliseconds since the Unix epoch. */
  readonly startedAt: number
  /** Segments up to this id were looked at; 0 at the beginning of a pass. */
  readonly after: number
  /** Whether the pass is over, and the next one is waited for. */
  readonly isOver: boolean
  readonly segmentCount: number
  readonly verifiedSize: number
  readonly damageCount: number
}

const FILE_NAME = 'scrub.json'
const FORMAT = 1

/** Null when none was saved, or it cannot be understood: then a pass begins anew. */
export async function loadPosition(
  fileSystem: FileSystem,
  path: string,
): Promise<ScrubPosition | null> {
  const bytes = await readFile(fileSystem, `${path}/${FILE_NAME}`)
  if (bytes === null) return null
  try {
    const saved: unknown = JSON.parse(bytes.toString())
    return isPosition(saved) ? saved : null
  } catch {
    return null
  }
}

export async function savePosition(
  fileSystem: FileSystem,
  path: string,
  position: ScrubPosition,
): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...position })
  await writeFileAtomically(fileSystem, `${path}/${FILE_NAME}`, Buffer.from(`${text}\n`))
}

function isPosition(value: unknown): value is ScrubPosition {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Readonly<Record<string, unknown>>
  const numbers = ['startedAt', 'after', 'segmentCount', 'verifiedSize', 'damageCount']
  return (
    fields['format'] === FORMAT &&
    typeof fields['isOver'] === 'boolean' &&
    numbers.every((name) => Number.isSafeInteger(fields[name]) && Number(fields[name]) >= 0)
  )
}
