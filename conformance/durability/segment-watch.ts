/** Looks into data directories for what compaction has written: a loop without it proves less. */
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'

/** Offset and value of the lane in the header of a segment: docs/format.md. */
const LANE_OFFSET = 36
const COMPACTION_LANE = 0xffffffff

export class SegmentWatch {
  readonly #looked = new Set<string>()
  compactedCount = 0

  /** Counts the segments that were not there before. */
  async look(dataDir: string): Promise<void> {
    const folder = path.join(dataDir, 'hot')
    for (const name of await readdir(folder).catch(() => [])) {
      if (this.#looked.has(name)) continue
      this.#looked.add(name)
      if ((await laneOf(path.join(folder, name))) === COMPACTION_LANE) this.compactedCount++
    }
  }
}

async function laneOf(file: string): Promise<number | null> {
  const handle = await open(file).catch(() => null)
  if (handle === null) return null
  try {
    const header = Buffer.alloc(4)
    const { bytesRead } = await handle.read(header, 0, header.length, LANE_OFFSET)
    return bytesRead === header.length ? header.readUInt32LE() : null
  } finally {
    await handle.close()
  }
}
