import { crc32c } from '@node-rs/crc32'
import { beforeAll, describe, expect, it } from 'vitest'
import { readFormat } from '../../../src/data-directory.ts'
import { checkStore } from '../../../src/maintenance/check/check-store.ts'
import { type RepairReport, repairStore } from '../../../src/maintenance/repair/repair-store.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { classify, sample } from '../../simulation/byte-classes.ts'
import type { Machine } from '../../simulation/machine.ts'
import { STORE_ID } from '../../simulation/stack.ts'
import { difference, readState } from '../../simulation/store-state.ts'
import { checkInvariants } from '../../store/invariants.ts'
import {
  cutAfter,
  filesOf,
  flipBit,
  groundOf,
  makeBed,
  readBytes,
  type StoreBed,
  writeFile,
} from '../store-bed.ts'

const apply = { apply: true, region: 'us-east-1' }

type Change = (machine: Machine) => Promise<void>

describe('repair', () => {
  let bed: StoreBed
  let files: readonly string[]

  beforeAll(async () => {
    bed = await makeBed('closed')
    files = await filesOf(bed.machine)
  })

  /** Damages a copy of the disk and repairs it; everything that is left must be right. */
  async function repair(
    what: string,
    change: Change,
    index: 'kept' | 'lost',
  ): Promise<{ readonly report: RepairReport; readonly machine: Machine }> {
    const machine = bed.machine.crash({ model: 'keep-all', index })
    await change(machine)
    const report = await repairStore(groundOf(machine), apply)
    const named = `${what} (index ${index})`
    const left = report.after.findings.filter(({ weight }) => weight === 'damage')
    expect(left, named).toEqual([])
    await requireRight(machine, report, named)
    return { report, machine }
  }

  /** Whatever is read is what was written, and what is missing was listed. */
  async function requireRight(machine: Machine, report: RepairReport, what: string): Promise<void> {
    const onUnreadable = (error: unknown, bucket: string, key: string) => {
      throw new Error(`${what}: ${bucket}/${key} cannot be read`, { cause: error })
    }
    const stack = await machine.open()
    const state = await readState(stack.store, onUnreadable)
    checkInvariants(stack.catalog)
    await stack.close()
    // Nor does it rest on the index: the next start may have to make one.
    const without = await machine.crash({ model: 'keep-all', index: 'lost' }).open()
    const same = await readState(without.store, onUnreadable)
    checkInvariants(without.catalog)
    await without.close()
    expect(difference(state, same), what).toBeNull()
    for (const [bucket, { objects }] of bed.state) {
      for (const [key, { content, head }] of objects) {
        const found = state.get(bucket)?.objects.get(key)
        // An older version may have taken its place.
        if (found?.head.versionId !== head.versionId) {
          const isListed = report.actions.some((action) => action.what.startsWith(`${bucket}/`))
          expect(isListed || report.isLossy, `${what}: ${bucket}/${key} is missing`).toBe(true)
        } else if (!report.isLossy) expect(found?.content.equals(content)).toBe(true)
      }
    }
  }

  it('finds nothing to do in a store that is whole', async () => {
    for (const index of ['kept', 'lost'] as const) {
      const { report, machine } = await repair('nothing', async () => {}, index)
      expect(report.isLossy).toBe(false)
      expect(report.actions.filter(({ action }) => action !== 'freed')).toEqual([])
      expect(report.after.damageCount).toBe(0)
      const stack = await machine.open()
      expect(difference(bed.state, await readState(stack.store))).toBeNull()
      await stack.close()
    }
  })

  it('says what it would do, and changes nothing, unless it is told to', async () => {
    const machine = bed.machine.crash({ model: 'keep-all', index: 'lost' })
    const data = files.find((path) => path.includes('/hot/'))!
    await machine.fs.remove(data)
    const operations: string[] = []
    machine.fs.intercept(({ operation }) => {
      operations.push(operation)
      return null
    })
    const dry = await repairStore(groundOf(machine), { ...apply, apply: false })
    const changes = ['write', 'truncate', 'create', 'rename', 'remove', 'makeDirectory']
    expect(operations.filter((operation) => changes.includes(operation))).toEqual([])
    machine.fs.intercept(null)
    const wet = await repairStore(groundOf(machine), apply)
    expect(wet.actions).toEqual(dry.actions)
    expect(dry.isApplied).toBe(false)
  })

  it('drops what lay in a segment that is gone, lists it, and serves the rest', async () => {
    for (const path of files.filter((file) => file.includes('/hot/'))) {
      for (const index of ['kept', 'lost'] as const) {
        const { report } = await repair(`${path} is gone`, ({ fs }) => fs.remove(path), index)
        expect(report.after.damageCount).toBe(0)
      }
    }
  })

  it('brings large objects back when the whole journal is lost, and snapshots with it', async () => {
    const lost = files.filter((path) => !path.includes('/hot/'))
    const { report, machine } = await repair(
      'no journal',
      async ({ fs }) => {
        for (const path of lost) await fs.remove(path)
      },
      'lost',
    )
    expect(report.isLossy).toBe(true)
    const stack = await machine.open()
    const state = await readState(stack.store)
    await stack.close()
    let large = 0
    for (const [bucket, { objects }] of bed.state) {
      for (const [key, { content, head }] of objects) {
        if (content.length <= 256 || head.partsCount !== null) continue
        const found = state.get(bucket)?.objects.get(key)
        // A copy shares the blob of its source, which is the name it comes back under.
        const isCopy = found === undefined
        const back = [...state.values()].flatMap((each) => [...each.objects.values()])
        const isBack = back.some((each) => each.content.equals(content))
        const listed = report.actions.some(({ what }) => what === `${bucket}/${key}`)
        expect(isCopy ? isBack : found.content.equals(content) || listed).toBe(true)
        if (found?.content.equals(content)) large += 1
      }
    }
    expect(large).toBeGreaterThan(0)
    expect(report.actions.some(({ action }) => action === 'salvaged')).toBe(true)
  })

  it('leaves nothing wrong behind, whatever bit was flipped', async () => {
    const random = new SeededRandom(8)
    for (const path of files) {
      const bytes = await readBytes(bed.machine.fs, path)
      for (const { name, offset } of sample(classify(bytes), 1)) {
        const bit = random.below(8)
        const change: Change = ({ fs }) => flipBit(fs, path, { offset, bit })
        for (const index of ['kept', 'lost'] as const) {
          await repair(`bit ${bit} of byte ${offset} of ${path}: ${name}`, change, index)
        }
      }
    }
  }, 300_000)

  it('makes varve.json anew when it is lost or damaged, from what segments say', async () => {
    for (const text of [null, '{"format":1,"stor']) {
      const machine = bed.machine.crash({ model: 'keep-all' })
      const { fs, directory } = machine
      const file = `${directory}/varve.json`
      await fs.remove(file)
      if (text !== null) await writeFile(fs, file, Buffer.from(text))
      const dry = await repairStore(groundOf(machine), { ...apply, apply: false })
      expect(dry).toMatchObject({ actions: [{ what: 'varve.json' }], after: { damageCount: 0 } })
      expect((await fs.stat(file))?.size).toBe(text?.length)
      expect((await repairStore(groundOf(machine), apply)).actions).toEqual(dry.actions)
      expect(await readFormat(fs, directory)).toBe(STORE_ID)
      const { damageCount, rows } = await checkStore(groundOf(machine), { payloads: 'all' })
      expect(damageCount).toBe(0)
      expect(rows.objects).toBeGreaterThan(0)
    }
  })

  it('makes none where nothing tells, or segments disagree whose they are', async () => {
    const machine = bed.machine.crash({ model: 'keep-all' })
    const { fs, directory } = machine
    await fs.remove(`${directory}/varve.json`)
    const header = Buffer.from(await readBytes(fs, files[0]!)).subarray(0, 128)
    header[16]! ^= 1
    header.writeUInt32LE(crc32c(header.subarray(0, 124)), 124)
    await writeFile(fs, `${directory}/hot/0fffffff.seg`, header)
    const unusable = { kind: 'unusable' }
    await expect(repairStore(groundOf(machine), apply)).rejects.toMatchObject(unusable)
    await fs.remove(`${directory}/hot/0fffffff.seg`)
    for (const file of files) await fs.remove(file)
    await expect(repairStore(groundOf(machine), apply)).rejects.toMatchObject(unusable)
    expect(await fs.stat(`${directory}/varve.json`)).toBeNull()
  })

  it('puts aside what is damaged, says so, and keeps what verifies of it', async () => {
    const path = files.find((file) => file.includes('/journal/'))!
    const name = path.slice(path.lastIndexOf('/') + 1)
    const bytes = await readBytes(bed.machine.fs, path)
    const change: Change = ({ fs }) => flipBit(fs, path, { offset: bytes.length >> 1, bit: 3 })
    const { report, machine } = await repair('a journal segment', change, 'kept')
    expect(report.actions.some(({ action }) => action === 'retired')).toBe(true)
    expect(await machine.fs.list(`${machine.directory}/aside`)).toContain(name)
    expect(await machine.fs.list(`${machine.directory}/journal`)).not.toContain(name)
    const again = await repairStore(groundOf(machine), apply)
    expect(again).toMatchObject({ actions: [], after: { damageCount: 0 } })
  })

  it('is whole again when any file of the journal is gone', async () => {
    for (const path of files.filter((file) => !file.includes('/hot/'))) {
      for (const index of ['kept', 'lost'] as const) {
        await repair(`${path} is gone`, ({ fs }) => fs.remove(path), index)
      }
    }
  })

  it('goes on keeping what an earlier repair has kept', async () => {
    const change: Change = async ({ fs }) => {
      for (const path of files.filter((file) => !file.includes('/hot/'))) await fs.remove(path)
    }
    const { report, machine } = await repair('no journal', change, 'lost')
    const kept = report.actions.filter(({ why }) => why.startsWith('no row speaks'))
    expect(kept.length).toBeGreaterThan(0)
    const again = await repairStore(groundOf(machine), apply)
    expect(again.isLossy).toBe(false)
    expect(again.actions.filter(({ action }) => action === 'kept')).toHaveLength(kept.length)
    expect(again.actions).toHaveLength(kept.length)
  })

  it('cut short at any operation, is done again from where it was', async () => {
    const data = files.find((path) => path.includes('/hot/'))!
    const journal = files.find((path) => path.includes('/journal/'))!
    for (let count = 0, isDone = false; !isDone; count += 7) {
      const machine = bed.machine.crash({ model: 'keep-all', index: 'lost' })
      await machine.fs.remove(data)
      await flipBit(machine.fs, journal, { offset: 100, bit: 1 })
      const cut = cutAfter(machine, count)
      await repairStore(groundOf(machine), apply).catch((error: unknown) => {
        if (!cut.isCut) throw error
      })
      isDone = !cut.isCut
      machine.fs.intercept(null)
      const after = machine.crash({ model: 'lose-all', index: 'lost' })
      const report = await repairStore(groundOf(after), apply)
      expect(report.after.damageCount, `after ${count}`).toBe(0)
      await requireRight(after, { ...report, isLossy: true }, `after ${count}`)
    }
  }, 120_000)

  it('refuses while a process has the store', async () => {
    const machine = bed.machine.crash({ model: 'keep-all' })
    const lock = await machine.fs.lock(`${machine.directory}/lock`)
    const refused = repairStore(groundOf(machine), apply)
    await expect(refused).rejects.toMatchObject({ kind: 'in-use' })
    await lock?.release()
    expect((await checkStore(groundOf(machine), { payloads: 'none' })).damageCount).toBe(0)
  })
})
