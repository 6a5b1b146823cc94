import { describe, expect, it } from 'vitest'
import { readFile } from '../../../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import type { MirrorEvent } from '../../../src/platform/mirror/mirror-copies.ts'
import { MirroredFileSystem } from '../../../src/platform/mirror/mirrored-file-system.ts'
import { fileSystemContract } from '../../contracts/file-system.contract.ts'
import { type Disk, openMirror, put, textOn } from './mirror-bed.ts'

async function disks(count: number): Promise<Disk[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const fs = new MemoryFileSystem({ simulate: true })
      const directory = `/disk${index}`
      await fs.makeDirectory(directory)
      return { fs, directory }
    }),
  )
}

for (const count of [1, 2, 3]) {
  fileSystemContract(`MirroredFileSystem of ${count}`, async (test) => {
    const mirror = await openMirror(await disks(count))
    expect(mirror.fileSystem).toBeInstanceOf(MirroredFileSystem)
    await mirror.fileSystem.makeDirectory('/disk0/files')
    await test({ fs: mirror.fileSystem, root: '/disk0/files' })
  })
}

describe('MirroredFileSystem', () => {
  it('has every file on every disk, durable when it says so', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    await mirror.fileSystem.makeDirectory('/disk0/a')
    await put(mirror, '/disk0/a/b', 'twice')
    for (const { fs, directory } of [first, second]) {
      const left = { fs: fs.crash({ model: 'lose-all' }), directory }
      expect(await textOn(left, 'a/b')).toBe('twice')
    }
  })

  it('leaves what is not below it where it is', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    await mirror.fileSystem.makeDirectory('/elsewhere')
    await put(mirror, '/elsewhere/x', 'once')
    expect(await textOn({ ...first, directory: '/elsewhere' }, 'x')).toBe('once')
    expect(await second.fs.stat('/elsewhere')).toBeNull()
  })

  const ways = ['create', 'write', 'sync', 'syncDirectory', 'rename', 'remove', 'truncate'] as const
  for (const index of [0, 1]) {
    it.each(ways)(`goes on without disk ${index} once a %s of it fails`, async (way) => {
      const all = await disks(2)
      const [bad, good] = [all[index]!, all[1 - index]!]
      const events: MirrorEvent[] = []
      const mirror = await openMirror(all, { events })
      const fs = mirror.fileSystem
      await put(mirror, '/disk0/old', 'old')
      bad.fs.intercept(({ operation }) => (operation === way ? { code: 'EIO' } : null))
      await put(mirror, '/disk0/new', 'new!')
      {
        await using file = await fs.open('/disk0/new', 'update')
        await file.truncate(3)
        await file.sync()
      }
      await fs.rename('/disk0/new', '/disk0/newer')
      await fs.remove('/disk0/old')
      await fs.syncDirectory('/disk0')
      bad.fs.intercept(null)
      expect(events.map(({ event }) => event)).toEqual(['copy-lost'])
      expect((await readFile(fs, '/disk0/newer'))?.toString()).toBe('new')
      const left = { ...good, fs: good.fs.crash({ model: 'lose-all' }) }
      expect(await textOn(left, 'newer')).toBe('new')
      expect(mirror.problems).toEqual([`mirror ${bad.directory} is not in use: EIO`])
      // The one that was left behind says that there is another, which may have gone on alone.
      const stale = [{ ...bad, fs: bad.fs.crash({ model: 'keep-all' }) }]
      await expect(openMirror(stale)).rejects.toMatchObject({ kind: 'incomplete' })
      await openMirror([left])
    })
  }

  it('does not say done before it is durable that a disk was left behind', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    const file = await mirror.fileSystem.open('/disk0/a', 'create')
    second.fs.intercept(({ operation }) => (operation === 'write' ? { code: 'EIO' } : null))
    let release = () => {}
    const gate = new Promise<null>((resolve) => {
      release = () => resolve(null)
    })
    first.fs.intercept(({ operation, path }) =>
      operation === 'rename' && path.includes('mirror.json') ? gate : null,
    )
    let isDone = false
    const written = file.write([Buffer.from('x')], 0).then(() => {
      isDone = true
    })
    const later = mirror.fileSystem.open('/disk0/b', 'create').then(() => {
      isDone = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isDone).toBe(false)
    release()
    await Promise.all([written, later])
  })

  it('fails, and leaves no disk behind, when the last one cannot note it', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    second.fs.intercept(({ operation }) => (operation === 'create' ? { code: 'EIO' } : null))
    first.fs.intercept(({ operation, path }) =>
      operation === 'create' && path.includes('mirror.json') ? { code: 'ENOSPC' } : null,
    )
    await expect(put(mirror, '/disk0/a', 'a')).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(mirror.fileSystem.syncDirectory('/disk0')).rejects.toMatchObject({
      code: 'ENOSPC',
    })
    first.fs.intercept(null)
    await mirror.fileSystem.syncDirectory('/disk0')
    await put(mirror, '/disk0/b', 'b')
    await expect(openMirror([second])).rejects.toThrow('in use')
  })

  it.each(['ENOSPC', 'EMFILE'])('takes %s for what it is, and no disk for dead', async (code) => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    second.fs.intercept(({ operation }) => (operation === 'create' ? { code } : null))
    await expect(put(mirror, '/disk0/a', 'a')).rejects.toMatchObject({ code })
    second.fs.intercept(null)
    expect(mirror.problems).toEqual([])
    expect(await first.fs.list('/disk0')).not.toContain('a')
    await put(mirror, '/disk0/a', 'a')
    expect(await textOn(second, 'a')).toBe('a')
  })

  it('reads from another disk what one does not give, and goes on using both', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const events: MirrorEvent[] = []
    const mirror = await openMirror([first, second], { events })
    await put(mirror, '/disk0/a', 'both')
    await put(mirror, '/disk0/b', 'both')
    await first.fs.remove('/disk0/b')
    await using file = await mirror.fileSystem.open('/disk0/a', 'read')
    first.fs.intercept(({ operation }) => (operation === 'read' ? { code: 'EIO' } : null))
    const target = Buffer.alloc(4)
    expect(await file.read(target, 0)).toBe(4)
    expect(target.toString()).toBe('both')
    first.fs.intercept(null)
    expect((await readFile(mirror.fileSystem, '/disk0/b'))?.toString()).toBe('both')
    expect(events).toMatchObject([
      { event: 'copy-unreadable', directory: '/disk0', file: '/disk0/a' },
      { event: 'copy-unreadable', directory: '/disk0', file: '/disk0/b' },
    ])
    expect(mirror.problems).toEqual([])
    await expect(readFile(mirror.fileSystem, '/disk0/no')).resolves.toBeNull()
  })

  it('never reads from a disk that was left behind, through a file opened before either', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    const writer = await mirror.fileSystem.open('/disk0/a', 'create')
    await writer.write([Buffer.from('old')], 0)
    const reader = await mirror.fileSystem.open('/disk0/a', 'read')
    first.fs.intercept(({ operation }) => (operation === 'write' ? { code: 'EIO' } : null))
    await writer.write([Buffer.from('new')], 0)
    for (const file of [writer, reader]) {
      const target = Buffer.alloc(3)
      expect(await file.read(target, 0)).toBe(3)
      expect(target.toString()).toBe('new')
    }
  })

  it('believes the disk that answers, where there is nothing to remove', async () => {
    const [first, second] = (await disks(2)) as [Disk, Disk]
    const mirror = await openMirror([first, second])
    first.fs.intercept(({ operation }) => (operation === 'remove' ? { code: 'EIO' } : null))
    const removed = mirror.fileSystem.remove('/disk0/no')
    await expect(removed).rejects.toMatchObject({ code: 'ENOENT' })
    expect(mirror.problems).toEqual(['mirror /disk0 is not in use: EIO'])
  })

  it('tells the room of the fullest disk', async () => {
    const small = { fs: new MemoryFileSystem({ capacity: 1000 }), directory: '/small' }
    await small.fs.makeDirectory('/small')
    const [first] = (await disks(1)) as [Disk]
    const mirror = await openMirror([first, small])
    expect((await mirror.fileSystem.space('/disk0')).totalSize).toBe(1000)
  })
})
