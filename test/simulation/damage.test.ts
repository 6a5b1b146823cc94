import { beforeAll, describe, expect, it } from 'vitest'
import { DamageRun } from './damage-run.ts'
import { flippedBits, kindsOfDamage } from './damages.ts'

/** Bytes tried per class and file; all of them in a long run. */
const SAMPLE_SIZE = process.env['VARVE_SIMULATE_SECONDS'] === undefined ? 8 : 100_000

for (const ending of ['closed', 'killed'] as const) {
  describe(`on the disk of a store that was ${ending}`, () => {
    let run: DamageRun

    beforeAll(async () => {
      run = await DamageRun.prepare(ending)
    })

    it('has files of every kind', async () => {
      const files = await run.files()
      for (const folder of ['hot', 'journal', 'snapshots']) {
        const path = `${run.directory}/${folder}/`
        expect(files.filter((file) => file.startsWith(path)).length).toBeGreaterThan(0)
      }
    })

    it('one flipped bit is detected or harmless, wherever it is', async () => {
      const outcomes = new Map<string, number>()
      for await (const damage of flippedBits(run, SAMPLE_SIZE)) {
        const key = `${damage.className}: ${await run.meet(damage)}`
        outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
      }
      const lines = [...outcomes].sort().map(([key, count]) => `  ${key} ${count}`)
      console.info(`flipped bits, ${ending}:\n${lines.join('\n')}`)
      const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0)
      expect(total).toBeGreaterThan(500)
    })

    it.each(Object.entries(kindsOfDamage))('%s is detected or harmless', async (name, damages) => {
      const outcomes = new Map<string, number>()
      for await (const damage of damages(run)) {
        const outcome = await run.meet(damage)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      console.info(`${name}, ${ending}: ${JSON.stringify([...outcomes].sort())}`)
      expect(outcomes.size).toBeGreaterThan(0)
    })
  })
}
