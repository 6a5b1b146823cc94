import { beforeEach, describe, expect, it } from 'vitest'
import type { FileHandle } from '../../src/platform/file-system.ts'
import { type CrashModel, MemoryFileSystem } from '../../src/platform/memory-fs.ts'

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)
const models = ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const

describe('a crash', () => {
  let fs: MemoryFileSystem
  let file: FileHandle

  beforeEach(async () => {
    fs = new MemoryFileSystem({ simulate: true })
    await fs.makeDirectory('/d')
    file = await fs.open('/d/a', 'create')
    await fs.syncDirectory('/d')
  })

  it('keeps what was synced, whatever the model', async () => {
    await file.write([Buffer.from('synced')], 0)
    await file.sync()
    for (const seed of SEEDS) {
      for (const model of models) expect(await text(fs.crash({ model, seed }))).toBe('synced')
    }
  })

  it('loses or keeps all that was not synced, as asked', async () => {
    await file.write([Buffer.from('one')], 0)
    await file.sync()
    await file.write([Buffer.from('two')], 3)
    await file.truncate(5)
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('one')
    expect(await text(fs.crash({ model: 'keep-all' }))).toBe('onetw')
    expect(await text(fs.crash({ model: 'kill' }))).toBe('onetw')
  })

  it('keeps any subset of writes; a lost one before a kept one is a hole', async () => {
    await file.write([Buffer.from('AA')], 0)
    await file.write([Buffer.from('BB')], 2)
    await file.write([Buffer.from('CC')], 4)
    const seen = new Set<string>()
    for (const seed of SEEDS) seen.add(await text(fs.crash({ model: 'subset', seed })))
    const all = ['', 'AA', '..BB', 'AABB', '....CC', 'AA..CC', '..BBCC', 'AABBCC']
    expect([...seen].sort()).toEqual(all.map((left) => left.replaceAll('.', '\0')).sort())
  })

  it('keeps or loses a truncation by itself', async () => {
    await file.write([Buffer.from('abcd')], 0)
    await file.sync()
    await file.truncate(1)
    const seen = new Set<string>()
    for (const seed of SEEDS) seen.add(await text(fs.crash({ model: 'subset', seed })))
    expect([...seen].sort()).toEqual(['a', 'abcd'])
  })

  it('tears a write between sectors of the disk, never within one', async () => {
    // Starts in the middle of a sector: pieces of 212, 512 and 76 bytes.
    await file.write([Buffer.alloc(300, 'o')], 0)
    await file.sync()
    await file.write([Buffer.alloc(800, 'n')], 300)
    const seen = new Set<string>()
    for (const seed of SEEDS) {
      const left = await text(fs.crash({ model: 'torn', seed }))
      expect(left.slice(0, 300)).toBe('o'.repeat(300))
      seen.add(
        [left.slice(300, 512), left.slice(512, 1024), left.slice(1024)]
          .map((part) => `${new Set(part).size > 1 ? 'mixed' : (part[0] ?? '-')}${part.length}`)
          .join(' '),
      )
    }
    expect([...seen].some((state) => state.includes('mixed'))).toBe(false)
    for (const state of ['-0 -0 -0', 'n212 n512 n76', '\x00212 n512 -0', 'n212 \x00512 n76']) {
      expect(seen).toContain(state)
    }
    // The size may survive without the bytes.
    expect(seen).toContain('\x00212 \x00512 \x0076')
  })

  it('loses a name that its folder did not sync, with synced bytes behind it', async () => {
    const other = await fs.open('/d/b', 'create')
    await other.write([Buffer.from('b')], 0)
    await other.sync()
    expect(await fs.crash({ model: 'lose-all' }).list('/d')).toEqual(['a'])
    expect(await text(fs.crash({ model: 'keep-all' }), '/d/b')).toBe('b')
    const seen = new Set<string>()
    for (const seed of SEEDS) {
      seen.add((await fs.crash({ model: 'subset', seed }).list('/d')).join())
    }
    expect([...seen].sort()).toEqual(['a', 'a,b'])
    await fs.syncDirectory('/d')
    for (const seed of SEEDS) {
      expect(await fs.crash({ model: 'torn', seed }).list('/d')).toEqual(['a', 'b'])
    }
  })

  it('keeps a name whose bytes were not synced as a file that may be empty', async () => {
    await file.write([Buffer.from('bytes')], 0)
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('')
  })

  it('leaves the old file or the new one of a rename, and one of them always', async () => {
    await file.write([Buffer.from('old')], 0)
    await file.sync()
    const next = await fs.open('/d/a.tmp', 'create')
    await next.write([Buffer.from('new')], 0)
    await next.sync()
    await fs.rename('/d/a.tmp', '/d/a')
    const seen = new Set<string>()
    for (const seed of SEEDS) seen.add(await text(fs.crash({ model: 'subset', seed })))
    expect([...seen].sort()).toEqual(['new', 'old'])
    await fs.syncDirectory('/d')
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('new')
    expect(await fs.crash({ model: 'lose-all' }).list('/d')).toEqual(['a'])
  })

  it('may bring a removed file back until its folder is synced', async () => {
    await fs.remove('/d/a')
    expect(await fs.crash({ model: 'lose-all' }).list('/d')).toEqual(['a'])
    expect(await fs.crash({ model: 'keep-all' }).list('/d')).toEqual([])
    await fs.syncDirectory('/d')
    expect(await fs.crash({ model: 'lose-all' }).list('/d')).toEqual([])
  })

  it('does not count as synced what was written while the sync ran', async () => {
    let release = () => {}
    const gate = new Promise<null>((resolve) => {
      release = () => resolve(null)
    })
    await file.write([Buffer.from('before')], 0)
    fs.intercept(({ operation }) => (operation === 'sync' ? gate : null))
    const syncing = file.sync()
    await file.write([Buffer.from(' during')], 6)
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('')
    release()
    await syncing
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('before')
  })

  it('may lose for ever what a failed sync covered, whatever is synced later', async () => {
    await file.write([Buffer.from('doomed')], 0)
    fs.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    fs.intercept(null)
    await file.sync()
    expect(await text(fs)).toBe('doomed')
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('')
    expect(await text(fs.crash({ model: 'keep-all' }))).toBe('doomed')
    await file.write([Buffer.from('later')], 6)
    await file.sync()
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe(`${'\0'.repeat(6)}later`)
    // A later write over the doomed one is durable, and wins in every model.
    await file.write([Buffer.from('DOOMED')], 0)
    await file.sync()
    for (const seed of SEEDS) {
      expect(await text(fs.crash({ model: 'subset', seed }))).toBe('DOOMEDlater')
    }
  })

  it('may lose for ever the names a failed sync of their folder covered', async () => {
    await (await fs.open('/d/b', 'create')).sync()
    fs.intercept(({ operation }) => (operation === 'syncDirectory' ? { code: 'EIO' } : null))
    await expect(fs.syncDirectory('/d')).rejects.toMatchObject({ code: 'EIO' })
    fs.intercept(null)
    await fs.syncDirectory('/d')
    expect(await fs.crash({ model: 'lose-all' }).list('/d')).toEqual(['a'])
  })

  it('leaves unsynced state as unsynced when only the process dies', async () => {
    await file.write([Buffer.from('written')], 0)
    await fs.open('/d/b', 'create')
    const killed = fs.crash({ model: 'kill' })
    expect(await text(killed)).toBe('written')
    expect(await killed.list('/d')).toEqual(['a', 'b'])
    const lost = killed.crash({ model: 'lose-all' })
    expect(await text(lost)).toBe('')
    expect(await lost.list('/d')).toEqual(['a'])
    const reopened = await killed.open('/d/a', 'read')
    await reopened.sync()
    expect(await text(killed.crash({ model: 'lose-all' }))).toBe('written')
    expect(await text(fs.crash({ model: 'lose-all' }))).toBe('')
  })

  it('frees the locks, and does not disturb the file system it happens to', async () => {
    await fs.lock('/d/lock')
    await file.write([Buffer.from('more')], 0)
    const image = fs.crash({ model: 'keep-all' })
    expect(await image.lock('/d/lock')).not.toBeNull()
    expect(await fs.lock('/d/lock')).toBeNull()
    const copy = await image.open('/d/a', 'update')
    await copy.write([Buffer.from('MORE')], 0)
    await image.remove('/d/a')
    expect(await text(fs)).toBe('more')
    await file.write([Buffer.from('!')], 4)
    expect(await copy.size()).toBe(4)
  })

  it('gives the same disk for the same seed', async () => {
    for (let index = 0; index < 20; index++) {
      await file.write([Buffer.alloc(700, index + 1)], index * 700)
    }
    for (const model of ['subset', 'torn'] as const satisfies readonly CrashModel[]) {
      const first = await text(fs.crash({ model, seed: 7 }))
      expect(await text(fs.crash({ model, seed: 7 }))).toBe(first)
      expect(await text(fs.crash({ model, seed: 8 }))).not.toBe(first)
    }
  })

  it('counts the room that is left on the disk it leaves', async () => {
    const small = new MemoryFileSystem({ simulate: true, capacity: 100 })
    const a = await small.open('/a', 'create')
    await a.write([Buffer.alloc(40)], 0)
    await a.sync()
    await small.syncDirectory('/')
    await (await small.open('/b', 'create')).write([Buffer.alloc(50)], 0)
    expect((await small.crash({ model: 'keep-all' }).space('/')).freeSize).toBe(10)
    expect((await small.crash({ model: 'lose-all' }).space('/')).freeSize).toBe(60)
  })
})

async function text(fs: MemoryFileSystem, path = '/d/a'): Promise<string> {
  await using file = await fs.open(path, 'read')
  const target = Buffer.alloc(await file.size())
  await file.read(target, 0)
  return target.toString('latin1')
}
