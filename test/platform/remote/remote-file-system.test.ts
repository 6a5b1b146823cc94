import { beforeEach, describe, expect, it } from 'vitest'
import { readFile } from '../../../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { RemoteFileSystem } from '../../../src/platform/remote/remote-file-system.ts'
import { SeededRandom } from '../../../src/platform/seeded-random.ts'
import { fileSystemContract } from '../../contracts/file-system.contract.ts'
import { MemoryFolder } from './memory-folder.ts'

const folder = '/data/cold'
const path = `${folder}/00000001.seg`
const bytes = new SeededRandom(1).bytes(10_000_000)
const kept = { headSize: 128, tailStart: 9_000_000 }
const { signal } = new AbortController()

let local: MemoryFileSystem
let remote: MemoryFolder
let fs: RemoteFileSystem
beforeEach(async () => {
  local = new MemoryFileSystem({ simulate: true })
  remote = new MemoryFolder()
  fs = over(local)
  await fs.makeDirectory(folder)
  await write(fs, path, bytes)
})

function over(disk: MemoryFileSystem, owner = 'me'): RemoteFileSystem {
  return new RemoteFileSystem({ local: disk, folder, remote, owner })
}

async function write(disk: RemoteFileSystem, file: string, content: Buffer): Promise<void> {
  await using handle = await disk.open(file, 'create')
  await handle.write([content], 0)
  await handle.sync()
  await disk.syncDirectory(folder)
}

async function expectWhole(disk: RemoteFileSystem, at = ''): Promise<void> {
  expect(await disk.list(folder), at).toEqual(['00000001.seg'])
  expect(await disk.stat(path), at).toEqual({ kind: 'file', size: bytes.length })
  expect((await readFile(disk, path))?.equals(bytes), at).toBe(true)
}

fileSystemContract('RemoteFileSystem', async (test) => {
  const disk = new MemoryFileSystem()
  await disk.makeDirectory(folder)
  const parts = { local: disk, folder, remote: new MemoryFolder(), owner: 'me' }
  await test({ fs: new RemoteFileSystem(parts), root: folder })
})

describe('a folder with files elsewhere', () => {
  it('reads a file from there under its old path, any part of it', async () => {
    await fs.ship(path, kept, signal)
    expect(await local.list(folder)).toEqual(['00000001.seg.remote'])
    expect([await fs.isAway(path), [...remote.files.keys()]]).toEqual([
      true,
      ['varve-tier.json', '00000001.seg'],
    ])
    await expectWhole(fs)
    await using handle = await fs.open(path, 'read')
    const edges = [0, 1, 127, 128, 129, 8_999_999, 9_000_000, 9_000_001, 9_999_999, 10_000_000]
    for (const start of edges) {
      for (const size of [0, 1, 200, 9_999_999]) {
        const target = Buffer.alloc(size)
        const count = await handle.read(target, start)
        expect(count).toBe(Math.min(size, bytes.length - start))
        expect(target.subarray(0, count).equals(bytes.subarray(start, start + count))).toBe(true)
      }
    }
  })

  it('asks nobody for head and tail', async () => {
    await fs.ship(path, kept, signal)
    remote.isDown = true
    await using handle = await fs.open(path, 'read')
    const target = Buffer.alloc(128)
    expect(await handle.read(target, 0)).toBe(128)
    expect(await handle.read(target, 9_500_000)).toBe(128)
    expect(await fs.stat(path)).toEqual({ kind: 'file', size: bytes.length })
    await expect(handle.read(target, 100)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  it('keeps the file when the far side does not answer, or does not have what it was given', async () => {
    remote.isDown = true
    await expect(fs.ship(path, kept, signal)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    remote.isDown = false
    const flipped = (all: Buffer) => {
      all[5_000_000]! ^= 1
      return all
    }
    for (const spoil of [flipped, (all: Buffer) => all.subarray(0, -1), () => Buffer.alloc(0)]) {
      remote.spoil = (all) => (all.length === bytes.length ? spoil(all) : all)
      await expect(fs.ship(path, kept, signal)).rejects.toMatchObject({ code: 'EIO' })
      expect(await fs.isAway(path)).toBe(false)
      await expectWhole(fs)
    }
    remote.spoil = (all) => all
    await fs.ship(path, kept, signal)
    await expectWhole(fs)
  })

  it('leaves the folder of another store alone', async () => {
    await over(local, 'another').ship(path, kept, signal)
    await write(fs, `${folder}/00000002.seg`, bytes)
    const shipping = fs.ship(`${folder}/00000002.seg`, kept, signal)
    await expect(shipping).rejects.toMatchObject({ code: 'EPERM' })
    expect(remote.files.has('00000002.seg')).toBe(false)
  })

  it('loses nothing, wherever it is cut short', async () => {
    const images: [string, MemoryFileSystem][] = []
    local.intercept(({ index, operation }) => {
      for (const model of ['lose-all', 'keep-all', 'subset', 'torn', 'kill'] as const) {
        images.push([`${model} ${index} ${operation}`, local.crash({ model, seed: index })])
      }
      return null
    })
    await fs.ship(path, kept, signal)
    local.intercept(null)
    expect(images.length).toBeGreaterThan(40)
    for (const [at, image] of images) {
      const next = over(image)
      await expectWhole(next, at)
      if (!(await next.isAway(path))) await next.ship(path, kept, signal)
      await expectWhole(next, at)
    }
  })

  it('is none the worse for the failure of any one operation', async () => {
    for (let failing = 0, isOver = false; !isOver; failing++) {
      const disk = local.crash({ model: 'kill' })
      let count = 0
      disk.intercept(() => (count++ === failing ? { code: 'EIO' } : null))
      await over(disk)
        .ship(path, kept, signal)
        .catch(() => {})
      isOver = count <= failing
      disk.intercept(null)
      await expectWhole(over(disk), `operation ${failing}`)
    }
  })

  it('removes a file here and there; while there is no answer it is still known', async () => {
    await fs.ship(path, kept, signal)
    remote.isDown = true
    await expect(fs.remove(path)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await fs.list(folder)).toEqual(['00000001.seg'])
    remote.isDown = false
    await fs.remove(path)
    expect(await local.list(folder)).toEqual([])
    expect(remote.files.has('00000001.seg')).toBe(false)
    await expect(fs.remove(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('does not let a file that is away be written or made again', async () => {
    await fs.ship(path, kept, signal)
    await expect(fs.open(path, 'update')).rejects.toMatchObject({ code: 'EROFS' })
    await expect(fs.open(path, 'create')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(fs.rename(path, '/data/x')).rejects.toMatchObject({ code: 'EROFS' })
  })

  it('does not believe a stub that decayed', async () => {
    await fs.ship(path, kept, signal)
    const stub = `${path}.remote`
    const size = (await local.stat(stub))?.size ?? 0
    for (const offset of [0, 8, 12, 16, 24, 32, 36, 40, 100, 168, size - 1]) {
      await using handle = await local.open(stub, 'update')
      const byte = Buffer.alloc(1)
      await handle.read(byte, offset)
      await handle.write([Buffer.of(byte[0]! ^ 4)], offset)
      await expect(fs.open(path, 'read')).rejects.toMatchObject({ code: 'EIO' })
      await handle.write([byte], offset)
    }
    await expectWhole(fs)
  })
})
