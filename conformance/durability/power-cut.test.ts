/** The power of a real file system is cut, again and again, while clients write. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CrashLoop } from './crash-loop.ts'
import { reasonNotToCut } from './loop-disk.ts'
import { PowerCut } from './power-cut.ts'

const cycleCount = Number(process.env['VARVE_POWER_CUTS'] ?? 12)
const seed = Number(process.env['VARVE_KILL_SEED'] ?? Date.now() % 2 ** 31)
const DISK_SIZE = 2 * 1024 ** 3

const reason = await reasonNotToCut()
if (reason !== null) console.info(`power cuts are skipped: ${reason}`)

describe.skipIf(reason !== null)(`power cuts under load${reason ? ` (no: ${reason})` : ''}`, () => {
  it(`${cycleCount} times, seed ${seed}`, { timeout: 60_000 + cycleCount * 10_000 }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'varve-cuts-'))
    await using scene = await PowerCut.start(DISK_SIZE)
    try {
      const oraclePath = path.join(folder, 'oracle')
      const result = await CrashLoop.run({ scene, cycleCount, seed, oraclePath })
      console.info(`power cuts, seed ${seed}: ${JSON.stringify(result)}`)
      expect(result).toMatchObject({ cycleCount, lost: [], torn: [], back: [] })
      expect(result.acknowledgedCount).toBeGreaterThan(cycleCount * 8)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
