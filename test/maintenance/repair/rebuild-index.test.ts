import { describe, expect, it } from 'vitest'
import { LmdbKv } from '../../../src/catalog/kv/lmdb-kv.ts'
import { readLmdb } from '../../../src/catalog/kv/read-lmdb.ts'
import { LocalCatalog } from '../../../src/catalog/local-catalog.ts'
import { checkStore } from '../../../src/maintenance/check/check-store.ts'
import { rebuildIndex } from '../../../src/maintenance/repair/rebuild-index.ts'
import type { StoreGround } from '../../../src/maintenance/store-ground.ts'
import { NodeFileSystem } from '../../../src/platform/node-fs.ts'
import { LocalSegments } from '../../../src/segment/local-segments.ts'
import { STORE_ID } from '../../simulation/stack.ts'
import { readState } from '../../simulation/store-state.ts'
import {
  cutAfter,
  filesOf,
  flipBit,
  groundOf,
  makeBed,
  readBytes,
  writeFile,
} from '../store-bed.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** The store of a bed on the machine's disk, with an index in LMDB. */
async function onDisk(path: string): Promise<StoreGround> {
  const { machine } = await makeBed('closed')
  const fileSystem = new NodeFileSystem()
  for (const folder of ['hot', 'journal', 'snapshots']) {
    await fileSystem.makeDirectory(`${path}/${folder}`)
  }
  for (const file of [...(await filesOf(machine)), `${machine.directory}/varve.json`]) {
    const bytes = await readBytes(machine.fs, file)
    await writeFile(fileSystem, file.replace(machine.directory, path), bytes)
  }
  const ground = groundOf(machine, fileSystem)
  const { clock, random } = ground
  const indexPath = `${path}/index`
  const disk = {
    ...ground,
    path,
    openSegments: (fs: StoreGround['fileSystem'], storeId: string) =>
      LocalSegments.open({ fs, directory: path, storeId, clock, random }),
    readIndex: (storeId: string) => readLmdb({ fileSystem, path: indexPath, storeId }),
    openIndex: (storeId: string) => LmdbKv.open({ fileSystem, path: indexPath, storeId }),
  }
  await using segments = await disk.openSegments(fileSystem, STORE_ID)
  const kv = await disk.openIndex(STORE_ID)
  await using _catalog = await LocalCatalog.open({ segments, kv, clock })
  return disk
}

describe('rebuild-index', () => {
  it('keeps the old index aside, and makes one that says what the journal does', async () => {
    await using folder = await temporaryFolder()
    const ground = await onDisk(folder.path)
    expect(await checkStore(ground, { payloads: 'none' })).toMatchObject({
      isIndexChecked: true,
      damageCount: 0,
    })
    const report = await rebuildIndex(ground, { force: false })
    expect(report.rowCount).toBeGreaterThan(10)
    expect(report.findings).toEqual([])
    const aside = await ground.fileSystem.list(report.aside ?? '')
    expect(aside.some((name) => name.endsWith('.mdb'))).toBe(true)
    expect(await checkStore(ground, { payloads: 'all' })).toMatchObject({
      isIndexChecked: true,
      damageCount: 0,
    })
  })

  it('mends an index that check finds damaged', async () => {
    await using folder = await temporaryFolder()
    const ground = await onDisk(folder.path)
    const names = await ground.fileSystem.list(`${folder.path}/index`)
    const file = `${folder.path}/index/${names.find((name) => name.endsWith('.mdb'))}`
    const { length } = await readBytes(ground.fileSystem, file)
    for (let offset = 4096; offset < length; offset += 512) {
      await flipBit(ground.fileSystem, file, { offset: offset + 300, bit: 2 })
    }
    const before = await checkStore(ground, { payloads: 'none' })
    expect(before.findings.map(({ kind }) => kind)).toContain('index')
    await rebuildIndex(ground, { force: false })
    expect((await checkStore(ground, { payloads: 'none' })).damageCount).toBe(0)
  })

  it('takes a store that was killed for what a start makes of it', async () => {
    const { machine } = await makeBed('killed')
    const report = await rebuildIndex(groundOf(machine), { force: false })
    expect(report.findings).toEqual([])
    expect(report.rowCount).toBeGreaterThan(10)
    const after = await checkStore(groundOf(machine), { payloads: 'all' })
    expect(after).toMatchObject({ damageCount: 0, journal: { lastSequence: report.sequence } })
  })

  it('cut short at any operation, leaves a store whose next start makes the index', async () => {
    const bed = await makeBed('killed')
    let cutCount = 0
    for (let count = 0, isDone = false; !isDone; count++) {
      const machine = bed.machine.crash({ model: 'keep-all' })
      const cut = cutAfter(machine, count)
      await rebuildIndex(groundOf(machine), { force: false }).catch((error: unknown) => {
        if (!cut.isCut) throw error
      })
      isDone = !cut.isCut
      if (cut.isCut) cutCount++
      machine.fs.intercept(null)
      const model = (['lose-all', 'keep-all', 'torn'] as const)[count % 3]!
      const index = count % 2 === 0 ? 'kept' : 'lost'
      const stack = await machine.crash({ model, index, seed: count }).open()
      expect(await readState(stack.store), `${model}, index ${index}, ${count}`).toEqual(bed.state)
      expect(stack.findings()).toEqual([])
      await stack.close()
    }
    expect(cutCount).toBeGreaterThan(3)
  })

  it('refuses while the journal is damaged, and goes on when forced', async () => {
    const { machine } = await makeBed('closed')
    const journal = (await filesOf(machine)).find((path) => path.includes('/journal/'))!
    await flipBit(machine.fs, journal, { offset: 300, bit: 1 })
    const ground = groundOf(machine)
    await expect(rebuildIndex(ground, { force: false })).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('refuses while a process has the store', async () => {
    const { machine } = await makeBed('closed')
    const lock = await machine.fs.lock(`${machine.directory}/lock`)
    const refused = rebuildIndex(groundOf(machine), { force: true })
    await expect(refused).rejects.toMatchObject({ kind: 'in-use' })
    await lock?.release()
  })
})
