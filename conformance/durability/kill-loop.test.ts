/** kill -9, again and again, while clients write. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../harness/server-process.ts'
import { CrashLoop } from './crash-loop.ts'
import { ProcessKill, smallFiles } from './crash-scene.ts'

const cycleCount = Number(process.env['VARVE_KILL_CYCLES'] ?? 200)
const seed = Number(process.env['VARVE_KILL_SEED'] ?? Date.now() % 2 ** 31)

describe('kill -9 under load', () => {
  it(`${cycleCount} times, seed ${seed}`, { timeout: 60_000 + cycleCount * 10_000 }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'varve-kill-'))
    const dataDir = path.join(folder, 'data')
    const server = await ServerProcess.start({ env: smallFiles(folder), dataDir })
    try {
      const scene = new ProcessKill(server)
      const oraclePath = path.join(folder, 'oracle')
      const result = await CrashLoop.run({ scene, cycleCount, seed, oraclePath })
      console.info(`kill -9, seed ${seed}: ${JSON.stringify(result)}`)
      expect(result).toMatchObject({ cycleCount, lost: [], torn: [], back: [] })
      expect(result.acknowledgedCount).toBeGreaterThan(cycleCount * 8)
      if (cycleCount >= 50) expect(result.compactedCount).toBeGreaterThan(0)
    } finally {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
