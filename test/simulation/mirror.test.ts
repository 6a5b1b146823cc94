import { describe, expect, it } from 'vitest'
import type { CrashModel } from '../../src/platform/crash-model.ts'
import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { checkInvariants } from '../store/invariants.ts'
import { check, expectationOf } from './expectation.ts'
import { History } from './history.ts'
import { MirrorMachine, mirrorDirectories } from './mirror-machine.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import type { Stack } from './stack.ts'
import { readState } from './store-state.ts'

const HISTORIES = 6
const ROUNDS = 14
const models: readonly CrashModel[] = ['lose-all', 'keep-all', 'subset', 'torn']

interface Run {
  readonly model: ReferenceModel
  readonly stack: Stack
}

/** Runs the history of a seed on a machine; no step of it may fail. */
async function run(
  machine: MirrorMachine,
  seed: number,
  model = new ReferenceModel(),
): Promise<Run> {
  const stack = await machine.open()
  const history = new History({ seed, concurrencyMax: 3, controls: ['compact', 'snapshot'] })
  const runner = new RoundRunner(stack.store, model)
  for (let round = 0; round < ROUNDS; round++) {
    const next = history.next(model)
    if ('control' in next) {
      if (next.control === 'compact' || next.control === 'snapshot') await stack[next.control]()
    } else await runner.run(next.steps, () => {})
  }
  return { model, stack }
}

async function expectState(
  stack: Stack,
  expected: ReturnType<typeof expectationOf>,
  where: string,
): Promise<void> {
  const problems = check(await readState(stack.store), expected)
  if (problems.length > 0) throw new Error(`${where}: ${problems.join('\n')}`)
  checkInvariants(stack.catalog)
  const findings = stack.findings()
  if (findings.length > 0) throw new Error(`${where}: ${findings.join('\n')}`)
}

async function expectLeft(
  machine: MirrorMachine,
  expected: ReturnType<typeof expectationOf>,
  where: string,
  lost: readonly string[] = [],
): Promise<void> {
  const stack = await machine.open(lost).catch((cause: unknown) => {
    throw new Error(where, { cause })
  })
  await expectState(stack, expected, where)
  await stack.close()
}

describe('two disks', () => {
  it('keep what was acknowledged through a power loss that leaves something else on each', async () => {
    let imageCount = 0
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const machine = await MirrorMachine.make(seed)
      const random = new SeededRandom(seed)
      const images: { left: MirrorMachine; where: string; expected: Expectation }[] = []
      const model = new ReferenceModel()
      for (const disk of machine.disks) {
        disk.intercept(({ operation, index }) => {
          if (operation === 'read' || !random.chance(0.6)) return null
          const pair = [random.pick(models), random.pick(models)]
          images.push({
            left: machine.crash(pair, index + 1),
            where: `seed ${seed}, ${pair.join(' and ')} at ${operation} ${index}`,
            expected: expectationOf(model),
          })
          return null
        })
      }
      const stack = await machine.open()
      const history = new History({ seed, concurrencyMax: 3, controls: ['compact', 'snapshot'] })
      const runner = new RoundRunner(stack.store, model)
      for (let round = 0; round < ROUNDS; round++) {
        const next = history.next(model)
        if ('control' in next) {
          if (next.control === 'compact' || next.control === 'snapshot') await stack[next.control]()
        } else await runner.run(next.steps, () => {})
      }
      for (const disk of machine.disks) disk.intercept(null)
      await stack.close()
      for (const { left, where, expected } of images) {
        await expectLeft(left, expected, where)
        // And once more, each disk alone: the recovery has made both whole.
        const [keep, lose] = random.chance(0.5) ? [0, 1] : [1, 0]
        if (!random.chance(0.2) || keep === undefined || lose === undefined) continue
        const alone = left.crash(['lose-all', 'lose-all'], 1).without(lose)
        await expectLeft(alone, expected, `${where}, then disk ${keep} alone`, [
          mirrorDirectories[lose] ?? '',
        ])
      }
      imageCount += images.length
    }
    console.info(`${imageCount} power losses of two disks`)
    expect(imageCount).toBeGreaterThan(500)
  })

  it.each([0, 1])(
    'go on without a step that fails when disk %i dies at any operation',
    async (dead) => {
      let deaths = 0
      let imageCount = 0
      for (let seed = 1; seed <= HISTORIES; seed++) {
        const total = await operationCount(seed, dead)
        for (let from = 10 + seed; from < total; from += 9) {
          const where = `seed ${seed}, disk ${dead} from operation ${from} of ${total}`
          const machine = await MirrorMachine.make(seed)
          const disk = machine.disks[dead] as MemoryFileSystem
          let isMissed = false
          disk.intercept(({ index, operation }) => {
            if (index < from) return null
            isMissed ||= !['read', 'open', 'stat', 'list', 'space'].includes(operation)
            return { code: 'EIO' }
          })
          const random = new SeededRandom(from)
          const model = new ReferenceModel()
          const images: { left: MirrorMachine; expected: Expectation }[] = []
          // The power goes too, at any moment after the death, and the dead disk is back then.
          machine.disks[1 - dead]?.intercept(({ index }) => {
            if (!isMissed || !random.chance(0.05)) return null
            const left = machine.crash([random.pick(models), random.pick(models)], index)
            images.push({ left, expected: expectationOf(model) })
            return null
          })
          const { stack } = await run(machine, seed, model).catch((cause: unknown) => {
            throw new Error(where, { cause })
          })
          machine.disks[1 - dead]?.intercept(null)
          const expected = expectationOf(model)
          await expectState(stack, expected, where)
          for (const image of images) await expectLeft(image.left, image.expected, where)
          imageCount += images.length
          // What only failed to be read may be well, and has everything.
          const isLost = machine.problems.length > 0
          if (isMissed) expect(isLost, where).toBe(true)
          disk.intercept(null)
          if (!isLost) {
            await stack.close()
            continue
          }
          const left = machine.crash(['lose-all', 'lose-all'], seed)
          await stack.close()
          await expectLeft(left, expected, `${where}, both`)
          // The dead one is never trusted by itself, and the other one needs nobody's word.
          const stale = machine.crash(['keep-all', 'keep-all'], seed).without(1 - dead)
          await expect(stale.open(), where).rejects.toMatchObject({ kind: 'incomplete' })
          const other = machine.crash(['lose-all', 'lose-all'], seed).without(dead)
          await expectLeft(other, expected, `${where}, the other`)
          deaths++
        }
      }
      console.info(`${deaths} deaths of disk ${dead}, ${imageCount} power losses after them`)
      expect(deaths).toBeGreaterThan(40)
      expect(imageCount).toBeGreaterThan(100)
    },
  )

  it('fill a disk that was replaced while clients write, and it has everything', async () => {
    let imageCount = 0
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const machine = await MirrorMachine.make(seed)
      const first = await run(machine, seed)
      await first.stack.close()
      const bad = seed % 2
      const replaced = await machine.replace(bad)
      const stack = await replaced.open([mirrorDirectories[bad] ?? ''])
      first.model.fence()
      const random = new SeededRandom(seed)
      const images: { left: MirrorMachine; expected: Expectation }[] = []
      for (const disk of replaced.disks) {
        disk.intercept(({ operation, index }) => {
          if (operation === 'read' || replaced.problems.length === 0) return null
          if (!random.chance(0.1)) return null
          const left = replaced.crash([random.pick(models), random.pick(models)], index)
          images.push({ left, expected: expectationOf(first.model) })
          return null
        })
      }
      replaced.fill()
      const history = new History({ seed: seed + 100, concurrencyMax: 3, controls: [] })
      const runner = new RoundRunner(stack.store, first.model)
      for (let round = 0; round < ROUNDS || replaced.problems.length > 0; round++) {
        const next = history.next(first.model)
        if ('steps' in next) await runner.run(next.steps, () => {})
        await new Promise((resolve) => setImmediate(resolve))
        if (round > 500) throw new Error(`not filled: ${replaced.problems.join()}`)
      }
      for (const disk of replaced.disks) disk.intercept(null)
      imageCount += images.length
      for (const image of images) {
        await expectLeft(image.left, image.expected, `seed ${seed}, filled in part`)
      }
      const expected = expectationOf(first.model)
      const left = replaced.crash(['lose-all', 'lose-all'], seed)
      await stack.close()
      const alone = left.without(1 - bad)
      await expectLeft(alone, expected, `seed ${seed}`, [mirrorDirectories[1 - bad] ?? ''])
    }
    console.info(`${imageCount} power losses while a disk was filled`)
    expect(imageCount).toBeGreaterThan(50)
  })

  it('never serve a flipped bit of one, and have it mended', async () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const machine = await MirrorMachine.make(seed)
      const { model, stack } = await run(machine, seed)
      const expected = expectationOf(model)
      const random = new SeededRandom(seed)
      for (let round = 0; round < 4; round++) {
        const bad = random.below(2)
        await rot(machine.disks[bad] as MemoryFileSystem, mirrorDirectories[bad] ?? '', random)
        await expectState(stack, expected, `seed ${seed}, round ${round}`)
        const all = ['data', 'journal', 'snapshot'] as const
        const ids = all.flatMap((kind) => stack.segments.list(kind).map(({ id }) => id))
        for (const id of ids) await stack.segments.mend(id)
      }
      await stack.close()
      for (const keep of [0, 1]) {
        const alone = machine.crash(['kill', 'kill'], seed).without(1 - keep)
        await expectLeft(alone, expected, `seed ${seed}, ${keep} alone`, [
          mirrorDirectories[1 - keep] ?? '',
        ])
      }
    }
  })
})

type Expectation = ReturnType<typeof expectationOf>

async function operationCount(seed: number, dead: number): Promise<number> {
  const machine = await MirrorMachine.make(seed)
  const { stack } = await run(machine, seed)
  await stack.close()
  return machine.disks[dead]?.operationCount ?? 0
}

/** Flips a bit here and there in every segment file of one disk. */
async function rot(fs: MemoryFileSystem, directory: string, random: SeededRandom): Promise<void> {
  for (const folder of ['hot', 'journal', 'snapshots']) {
    for (const name of await fs.list(`${directory}/${folder}`)) {
      await using file = await fs.open(`${directory}/${folder}/${name}`, 'update')
      const size = await file.size()
      for (let count = 0; count < 3 && size > 0; count++) {
        const offset = random.below(size)
        const byte = Buffer.alloc(1)
        await file.read(byte, offset)
        byte[0] = (byte[0] ?? 0) ^ (1 << random.below(8))
        await file.write([byte], offset)
      }
    }
  }
}
