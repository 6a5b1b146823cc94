import { beforeAll, describe, expect, it } from 'vitest'
import { backupStore } from '../../../src/maintenance/backup/backup-store.ts'
import type { BackupTarget } from '../../../src/maintenance/backup/backup-target.ts'
import { DirectoryTarget } from '../../../src/maintenance/backup/directory-target.ts'
import { drillBackup, isWhole } from '../../../src/maintenance/backup/drill.ts'
import { listManifests } from '../../../src/maintenance/backup/manifest.ts'
import { pruneBackups } from '../../../src/maintenance/backup/prune-backups.ts'
import { restoreStore } from '../../../src/maintenance/backup/restore-store.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { Machine } from '../../simulation/machine.ts'
import { SimulatedIndex } from '../../simulation/simulated-index.ts'
import { difference, readState, type StoreState } from '../../simulation/store-state.ts'
import { flipBit, groundOf, makeBed, type StoreBed } from '../store-bed.ts'

const BACKUP = '/backup'
const SMALL = { roundCount: 14 }

function openTarget(fs: MemoryFileSystem): Promise<DirectoryTarget> {
  return DirectoryTarget.open(fs, BACKUP, 'create')
}

/** What clients see of the store that lies on a disk. */
async function stateOn(fs: MemoryFileSystem): Promise<StoreState> {
  const machine = new Machine(
    { seed: 5 },
    { fs, index: new SimulatedIndex(), now: 1_900_000_000_000 },
  )
  const stack = await machine.open()
  const state = await readState(stack.store)
  await stack.close()
  return state
}

async function restored(target: BackupTarget, id: string | null = null): Promise<StoreState> {
  const fileSystem = new MemoryFileSystem({ simulate: true })
  await restoreStore(target, { id, fileSystem, path: '/data' })
  return stateOn(fileSystem)
}

/** An operation that is never reached, so that a run without a crash is known. */
class Crashed extends Error {}

/** Lets so many operations through, and stops the machine at the next one. */
function crashAfter(fs: MemoryFileSystem, count: number): () => boolean {
  let left = count
  let isCrashed = false
  fs.intercept(() => {
    if (left-- > 0 && !isCrashed) return null
    isCrashed = true
    throw new Crashed()
  })
  return () => isCrashed
}

describe('backup', () => {
  let bed: StoreBed

  beforeAll(async () => {
    bed = await makeBed('killed')
  })

  it('comes back as it was, from a store that is closed and from one that was killed', async () => {
    for (const each of [bed, await makeBed('closed')]) {
      const fs = new MemoryFileSystem()
      await using target = await openTarget(fs)
      const report = await backupStore(groundOf(each.machine), target)
      expect(report.damages).toEqual([])
      expect(difference(each.state, await restored(target))).toBeNull()
      const drill = await drillBackup(target, groundOf(each.machine), { id: null })
      expect(drill.sequence).toBe(report.sequence)
      expect(drill.check.findings.filter(({ weight }) => weight === 'damage')).toEqual([])
      expect(isWhole(drill)).toBe(true)
    }
  })

  it('copies what is sealed once, and then only what is new', async () => {
    const machine = bed.machine.crash({ model: 'keep-all' })
    await using target = await openTarget(new MemoryFileSystem())
    await (await machine.open()).close()
    const first = await backupStore(groundOf(machine), target)
    expect(first.copiedFileCount).toBe(first.fileCount)
    const second = await backupStore(groundOf(machine), target)
    expect(second).toMatchObject({ copiedFileCount: 0, fileCount: first.fileCount })
    const stack = await machine.open()
    const [bucket] = (await stack.store.listBuckets({ prefix: '', after: '', limit: 1 })).buckets
    const before = await readState(stack.store)
    await stack.store.deleteBucket(bucket!.name).catch(() => {})
    await stack.store.createBucket('another' as never, { region: 'eu' })
    const after = await readState(stack.store)
    await stack.close()
    const third = await backupStore(groundOf(machine), target)
    expect(third.copiedFileCount).toBe(1)
    expect(difference(before, await restored(target, second.id))).toBeNull()
    expect(difference(after, await restored(target))).toBeNull()
    const pruned = await pruneBackups(target, { keep: 1 })
    expect(pruned.removedBackups).toBe(2)
    expect(await listManifests(target)).toEqual([third.id])
    expect(difference(after, await restored(target))).toBeNull()
  })

  it('of a store in use is the store at one moment, whatever happens meanwhile', async () => {
    const machine = bed.machine.crash({ model: 'keep-all' })
    const lock = await machine.fs.lock(`${machine.directory}/lock`)
    const stack = await machine.open()
    const before = await readState(stack.store)
    await using target = await openTarget(new MemoryFileSystem())
    let writeCount = 0
    const disturbed: BackupTarget = {
      name: target.name,
      sizeOf: (name) => target.sizeOf(name),
      list: (folder) => target.list(folder),
      read: (name, range) => target.read(name, range),
      remove: (name) => target.remove(name),
      async write(name, size, pieces) {
        writeCount += 1
        for (const [bucket, { objects }] of before) {
          const key = [...objects.keys()][writeCount % Math.max(1, objects.size)]
          if (key === undefined) continue
          await stack.store.deleteObject({ bucket, key, conditions: {} } as never)
        }
        await stack.compact()
        return target.write(name, size, pieces)
      },
      [Symbol.asyncDispose]: async () => {},
    }
    const report = await backupStore(groundOf(machine), disturbed)
    expect(report.state).toBe('serving')
    expect(writeCount).toBeGreaterThan(3)
    const after = await readState(stack.store)
    await stack.close()
    await lock?.release()
    expect(difference(before, after)).not.toBeNull()
    expect(difference(before, await restored(target))).toBeNull()
  })

  it('cut short at any operation, is no backup, and harms none', async () => {
    const small = await makeBed('killed', SMALL)
    let count = 0
    for (let isDone = false; !isDone; count++) {
      const fs = new MemoryFileSystem({ simulate: true })
      {
        await using target = await openTarget(fs)
        const isCrashed = crashAfter(fs, count)
        try {
          await backupStore(groundOf(small.machine), target)
          isDone = true
        } catch (error) {
          if (!isCrashed()) throw error
        }
        fs.intercept(null)
      }
      const left = fs.crash({ model: 'lose-all' })
      await using target = await openTarget(left)
      const ids = await listManifests(target)
      if (ids.length > 0) expect(difference(small.state, await restored(target))).toBeNull()
      if (count % 5 !== 0 && !isDone) continue
      await backupStore(groundOf(small.machine), target)
      expect(difference(small.state, await restored(target))).toBeNull()
    }
    expect(count).toBeGreaterThan(20)
  }, 120_000)

  it('does not count when a file of it has changed or is gone', async () => {
    const small = await makeBed('closed', SMALL)
    const fs = new MemoryFileSystem({ simulate: true })
    {
      await using target = await openTarget(fs)
      await backupStore(groundOf(small.machine), target)
    }
    const paths: string[] = []
    for (const folder of ['files', 'manifests']) {
      for (const name of await fs.list(`${BACKUP}/${folder}`))
        paths.push(`${BACKUP}/${folder}/${name}`)
    }
    for (const path of paths) {
      for (const change of ['flip', 'remove', 'cut'] as const) {
        const copy = fs.crash({ model: 'keep-all' })
        if (change === 'remove') await copy.remove(path)
        else if (change === 'flip') await flipBit(copy, path, { offset: 40, bit: 2 })
        else await (await copy.open(path, 'update')).truncate(41)
        await using target = await openTarget(copy)
        await expect(restored(target), `${change} ${path}`).rejects.toMatchObject({
          name: 'MaintenanceError',
        })
        const drill = drillBackup(target, groundOf(small.machine), { id: null }).then(isWhole)
        expect(await drill.catch(() => false)).toBe(false)
      }
    }
  })

  it('refuses a target with backups of another store', async () => {
    await using target = await openTarget(new MemoryFileSystem())
    await backupStore(groundOf(bed.machine), target)
    const other = bed.machine.crash({ model: 'keep-all' })
    const text = JSON.stringify({ format: 1, storeId: '11111111-1111-4111-8111-111111111111' })
    await using file = await other.fs.open('/data/varve.json', 'update')
    await file.truncate(0)
    await file.write([Buffer.from(text)], 0)
    await expect(backupStore(groundOf(other), target)).rejects.toMatchObject({ kind: 'invalid' })
  })
})

describe('restore', () => {
  it('takes only an empty directory', async () => {
    const { machine } = await makeBed('closed', SMALL)
    await using target = await openTarget(new MemoryFileSystem())
    await backupStore(groundOf(machine), target)
    const fileSystem = new MemoryFileSystem()
    await fileSystem.makeDirectory('/data')
    await (await fileSystem.open('/data/mine', 'create')).close()
    const order = { id: null, fileSystem, path: '/data' }
    await expect(restoreStore(target, order)).rejects.toMatchObject({ kind: 'invalid' })
    expect(await fileSystem.list('/data')).toEqual(['lock', 'mine'])
  })

  it('cut short at any operation, is no store yet, and goes on when asked again', async () => {
    const small = await makeBed('closed', SMALL)
    await using target = await openTarget(new MemoryFileSystem())
    await backupStore(groundOf(small.machine), target)
    let count = 0
    for (let isDone = false; !isDone; count++) {
      const fileSystem = new MemoryFileSystem({ simulate: true })
      const isCrashed = crashAfter(fileSystem, count)
      try {
        await restoreStore(target, { id: null, fileSystem, path: '/data' })
        isDone = true
      } catch (error) {
        if (!isCrashed()) throw error
      }
      fileSystem.intercept(null)
      const left = fileSystem.crash({ model: 'lose-all' })
      // With its format file it is a store, and whole.
      if ((await left.stat('/data/varve.json')) === null) {
        await restoreStore(target, { id: null, fileSystem: left, path: '/data' })
      }
      expect(difference(small.state, await stateOn(left))).toBeNull()
    }
    expect(count).toBeGreaterThan(30)
  }, 120_000)
})
