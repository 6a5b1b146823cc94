import { beforeAll, describe, expect, it } from 'vitest'
import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { classify, sample } from './byte-classes.ts'
import { DamageRun } from './damage-run.ts'

/** Bytes tried per class and file; all of them in a long run. */
const SAMPLE_SIZE = process.env['VARVE_SIMULATE_SECONDS'] === undefined ? 8 : 100_000

for (const ending of ['closed', 'killed'] as const) {
  describe(`on the disk of a store that was ${ending}`, () => {
    let run: DamageRun
    let files: readonly string[]

    beforeAll(async () => {
      run = await DamageRun.prepare(ending)
      files = await run.files()
    })

    it('has files of every kind', () => {
      for (const folder of ['hot', 'journal', 'snapshots']) {
        const path = `${run.directory}/${folder}/`
        expect(files.filter((file) => file.startsWith(path)).length).toBeGreaterThan(0)
      }
    })

    it('one flipped bit is detected or harmless, wherever it is', async () => {
      const random = new SeededRandom(5)
      const outcomes = new Map<string, number>()
      for (const path of files) {
        const file = await run.read(path)
        for (const { name, offset } of sample(classify(file), SAMPLE_SIZE)) {
          const bit = random.below(8)
          const outcome = await run.meet({
            what: `bit ${bit} of byte ${offset} of ${path}: ${name}`,
            path,
            change: (fs) => flip(fs, path, { offset, bit }),
          })
          const key = `${name}: ${outcome}`
          outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
        }
      }
      const lines = [...outcomes].sort().map(([key, count]) => `  ${key} ${count}`)
      console.info(`flipped bits, ${ending}:\n${lines.join('\n')}`)
      const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0)
      expect(total).toBeGreaterThan(500)
    })

    it('a missing file is detected or harmless', async () => {
      for (const path of files) {
        await run.meet({ what: `${path} is missing`, path, change: (fs) => fs.remove(path) })
      }
    })

    it('a file cut short is detected or harmless', async () => {
      for (const path of files) {
        const { length } = await run.read(path)
        for (let size = 0; size < length; size += Math.max(1, Math.floor(length / 12))) {
          const what = `${path} is cut to ${size} of ${length} bytes`
          await run.meet({ what, path, change: (fs) => cut(fs, path, size) })
        }
      }
    })

    it('a lost or misplaced sector is detected or harmless', async () => {
      for (const path of files) {
        const bytes = await run.read(path)
        for (let start = 0; start + 512 <= bytes.length; start += 512) {
          const from = (start + 1024) % Math.max(512, bytes.length - 512)
          const other = bytes.subarray(from, from + 512)
          const zero = { offset: start, bytes: Buffer.alloc(512) }
          await run.meet({
            what: `sector at ${start} of ${path} is zero`,
            path,
            change: (fs) => overwrite(fs, path, zero),
          })
          await run.meet({
            what: `sector at ${start} of ${path} is the one at ${from}`,
            path,
            change: (fs) => overwrite(fs, path, { offset: start, bytes: other }),
          })
        }
      }
    })

    it("files that took each other's place are detected or harmless", async () => {
      for (const [index, path] of files.entries()) {
        const other = files[(index + 1) % files.length] ?? path
        const bytes = await run.read(other)
        await run.meet({
          what: `${path} holds ${other}`,
          path,
          change: async (fs) => {
            await cut(fs, path, 0)
            await overwrite(fs, path, { offset: 0, bytes })
          },
        })
        await run.meet({
          what: `${path} and ${other} are swapped`,
          path,
          change: async (fs) => {
            await fs.rename(path, `${run.directory}/aside`)
            await fs.rename(other, path)
            await fs.rename(`${run.directory}/aside`, other)
          },
        })
      }
    })
  })
}

async function cut(fs: MemoryFileSystem, path: string, size: number): Promise<void> {
  await using file = await fs.open(path, 'update')
  await file.truncate(size)
}

async function flip(
  fs: MemoryFileSystem,
  path: string,
  { offset, bit }: { readonly offset: number; readonly bit: number },
): Promise<void> {
  await using file = await fs.open(path, 'update')
  const byte = Buffer.alloc(1)
  await file.read(byte, offset)
  byte[0] = (byte[0] ?? 0) ^ (1 << bit)
  await file.write([byte], offset)
}

async function overwrite(
  fs: MemoryFileSystem,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Buffer },
): Promise<void> {
  await using file = await fs.open(path, 'update')
  await file.write([bytes], offset)
}
