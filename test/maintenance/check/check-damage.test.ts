import { beforeAll, describe, expect, it } from 'vitest'
import { type CheckReport, checkStore } from '../../../src/maintenance/check/check-store.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { classify, sample } from '../../simulation/byte-classes.ts'
import type { Machine } from '../../simulation/machine.ts'
import { difference, readState } from '../../simulation/store-state.ts'
import {
  filesOf,
  flipBit,
  groundOf,
  makeBed,
  readBytes,
  type StoreBed,
  writeFile,
} from '../store-bed.ts'

/** Bytes tried per class and file; all of them in a long run. */
const SAMPLE_SIZE = process.env['VARVE_SIMULATE_SECONDS'] === undefined ? 3 : 100_000

for (const ending of ['closed', 'killed'] as const) {
  describe(`check, on the disk of a store that was ${ending}`, () => {
    let bed: StoreBed
    let files: readonly string[]

    beforeAll(async () => {
      bed = await makeBed(ending)
      files = await filesOf(bed.machine)
    })

    /** Changes a copy of the disk, and checks it. */
    async function check(change: (machine: Machine) => Promise<void>): Promise<CheckReport> {
      const copy = bed.machine.crash({ model: 'keep-all' })
      await change(copy)
      return checkStore(groundOf(copy), { payloads: 'all' })
    }

    /** What check says nothing about harms nobody, whether the index is kept or lost. */
    async function requireHarmless(
      what: string,
      change: (machine: Machine) => Promise<void>,
    ): Promise<void> {
      for (const index of ['kept', 'lost'] as const) {
        const copy = bed.machine.crash({ model: 'keep-all', index })
        await change(copy)
        const stack = await copy.open()
        const differs = difference(bed.state, await readState(stack.store))
        await stack.close()
        if (differs !== null) throw new Error(`${what} (index ${index}): ${differs}`)
      }
    }

    it('finds nothing wrong with an undamaged store', async () => {
      const report = await check(async () => {})
      expect(report.findings.filter(({ weight }) => weight === 'damage')).toEqual([])
      expect(report.rows.objects).toBeGreaterThan(3)
      expect(report.segments.verifiedBytes).toBeGreaterThan(1000)
      expect(report.isIndexChecked).toBe(true)
    })

    it('reports one flipped bit, or it is harmless', async () => {
      const random = new SeededRandom(6)
      const counts = { reported: 0, harmless: 0 }
      for (const path of files) {
        const bytes = await readBytes(bed.machine.fs, path)
        for (const { name, offset } of sample(classify(bytes), SAMPLE_SIZE)) {
          const bit = random.below(8)
          const change = ({ fs }: Machine) => flipBit(fs, path, { offset, bit })
          const { damageCount } = await check(change)
          if (damageCount > 0) counts.reported += 1
          else {
            await requireHarmless(`bit ${bit} of byte ${offset} of ${path}: ${name}`, change)
            counts.harmless += 1
          }
        }
      }
      console.info(`flipped bits, ${ending}: ${JSON.stringify(counts)}`)
      expect(counts.reported).toBeGreaterThan(counts.harmless)
    }, 300_000)

    it('reports a file that is missing, or it is harmless', async () => {
      for (const path of files) {
        const change = ({ fs }: Machine) => fs.remove(path)
        const { damageCount } = await check(change)
        if (damageCount === 0) await requireHarmless(`${path} is missing`, change)
        else if (!path.includes('/snapshots/')) expect(damageCount).toBeGreaterThan(0)
      }
    })

    it('reports a file that was cut short, or it is harmless', async () => {
      const lastJournal = files.filter((file) => file.includes('/journal/')).at(-1)
      for (const path of files) {
        // The end of a journal that was not closed has nothing after it that would vouch for it.
        if (ending === 'killed' && path === lastJournal) continue
        const { length } = await readBytes(bed.machine.fs, path)
        for (const size of [0, 100, 128, Math.floor(length / 2), length - 32, length - 1]) {
          const change = async ({ fs }: Machine) => {
            await using file = await fs.open(path, 'update')
            await file.truncate(Math.max(0, size))
          }
          const { damageCount } = await check(change)
          if (damageCount === 0) await requireHarmless(`${path} cut to ${size}`, change)
        }
      }
    })

    it('reports files that were swapped', async () => {
      const segments = files.filter((path) => path.endsWith('.seg'))
      for (const [index, path] of segments.entries()) {
        const other = segments[(index + 1) % segments.length]!
        const { damageCount } = await check(async ({ fs }) => {
          const [one, two] = [await readBytes(fs, path), await readBytes(fs, other)]
          await writeFile(fs, path, two)
          await writeFile(fs, other, one)
        })
        expect(damageCount, `${path} and ${other}`).toBeGreaterThan(0)
      }
    })
  })
}
