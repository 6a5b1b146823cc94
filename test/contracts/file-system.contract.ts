import { describe, expect, it } from 'vitest'
import type { FileSystem, OpenMode } from '../../src/platform/file-system.ts'

/** A file system to try, and an existing folder in it that is empty. */
export interface FileSystemSubject {
  readonly fs: FileSystem
  readonly root: string
}

type Test = (subject: FileSystemSubject) => Promise<void>
type Define = (behaviour: string, test: Test) => void

/** What every FileSystem promises; `use` lends a fresh subject to one test. */
export function fileSystemContract(name: string, use: (test: Test) => Promise<void>): void {
  const check: Define = (behaviour, test) => it(behaviour, () => use(test))
  describe(`${name} keeps the contract of files`, () => fileContract(check))
  describe(`${name} keeps the contract of folders`, () => folderContract(check))
  describe(`${name} keeps the contract of locks`, () => lockContract(check))
}

function fileContract(check: Define): void {
  check('reads back what was written, across pieces and positions', async ({ fs, root }) => {
    await using file = await fs.open(`${root}/a`, 'create')
    await file.write([bytes('hello '), bytes(''), bytes('wide '), bytes('world')], 0)
    await file.write([bytes('WIDE')], 6)
    expect(await text(fs, `${root}/a`)).toBe('hello WIDE world')
    expect(await file.size()).toBe(16)
  })

  check('reads fewer bytes only at the end of the file', async ({ fs, root }) => {
    await using file = await fs.open(`${root}/a`, 'create')
    await file.write([bytes('abcdef')], 0)
    const target = Buffer.alloc(4)
    expect(await file.read(target, 4)).toBe(2)
    expect(target.toString('latin1', 0, 2)).toBe('ef')
    expect(await file.read(target, 6)).toBe(0)
    expect(await file.read(target, 100)).toBe(0)
    expect(await file.read(new Uint8Array(0), 0)).toBe(0)
  })

  check('fills a hole with zeros', async ({ fs, root }) => {
    await using file = await fs.open(`${root}/a`, 'create')
    await file.write([bytes('x')], 200_000)
    const target = Buffer.alloc(200_001, 0xff)
    expect(await file.read(target, 0)).toBe(200_001)
    expect(target.equals(Buffer.concat([Buffer.alloc(200_000), bytes('x')]))).toBe(true)
  })

  check('writes thousands of pieces in one call', async ({ fs, root }) => {
    const pieces = Array.from({ length: 5000 }, (_, index) => bytes(`${index},`))
    await using file = await fs.open(`${root}/a`, 'create')
    await file.write(pieces, 3)
    const target = Buffer.alloc(await file.size())
    await file.read(target, 0)
    expect(target.subarray(3).equals(Buffer.concat(pieces))).toBe(true)
  })

  check('cuts and extends a file; what was cut reads as zeros', async ({ fs, root }) => {
    await using file = await fs.open(`${root}/a`, 'create')
    await file.write([Buffer.alloc(100_000, 1)], 0)
    await file.truncate(10)
    await file.truncate(70_000)
    expect(await file.size()).toBe(70_000)
    const target = Buffer.alloc(70_000, 7)
    await file.read(target, 0)
    expect(target.subarray(0, 10).equals(Buffer.alloc(10, 1))).toBe(true)
    expect(target.subarray(10).equals(Buffer.alloc(69_990))).toBe(true)
  })

  check('keeps the bytes of concurrent writes at different places', async ({ fs, root }) => {
    await using file = await fs.open(`${root}/a`, 'create')
    const parts = Array.from({ length: 64 }, (_, index) => Buffer.alloc(1000, index))
    await Promise.all(parts.map((part, index) => file.write([part], index * 1000)))
    await Promise.all([file.sync(), file.sync(), file.sync()])
    const target = Buffer.alloc(64_000)
    expect(await file.read(target, 0)).toBe(64_000)
    expect(target.equals(Buffer.concat(parts))).toBe(true)
  })

  check('refuses to create a file that is there, and leaves it alone', async ({ fs, root }) => {
    await write(fs, `${root}/a`, 'kept')
    await expect(fs.open(`${root}/a`, 'create')).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await text(fs, `${root}/a`)).toBe('kept')
  })

  for (const mode of ['read', 'update'] as const satisfies readonly OpenMode[]) {
    check(`fails to open a missing file to ${mode} with ENOENT`, async ({ fs, root }) => {
      await expect(fs.open(`${root}/no`, mode)).rejects.toMatchObject({ code: 'ENOENT' })
      expect(await fs.stat(`${root}/no`)).toBeNull()
    })
  }

  check('does not write through a handle opened to read', async ({ fs, root }) => {
    await write(fs, `${root}/a`, 'kept')
    await using file = await fs.open(`${root}/a`, 'read')
    await expect(file.write([bytes('x')], 0)).rejects.toMatchObject({ code: 'EBADF' })
    expect(await text(fs, `${root}/a`)).toBe('kept')
  })

  check('closes twice, and refuses work after', async ({ fs, root }) => {
    const file = await fs.open(`${root}/a`, 'create')
    expect(file.path).toBe(`${root}/a`)
    await file.close()
    await file.close()
    await expect(file.read(Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'EBADF' })
    await expect(file.write([bytes('x')], 0)).rejects.toMatchObject({ code: 'EBADF' })
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
  })

  check('finishes reads under way before it closes', async ({ fs, root }) => {
    await write(fs, `${root}/a`, 'abcdef')
    const file = await fs.open(`${root}/a`, 'read')
    const targets = Array.from({ length: 8 }, () => Buffer.alloc(6))
    const reads = targets.map((target) => file.read(target, 0))
    await file.close()
    expect(await Promise.all(reads)).toEqual(targets.map(() => 6))
    expect(targets.every((target) => target.toString() === 'abcdef')).toBe(true)
  })

  check('reads a removed file through a handle opened before', async ({ fs, root }) => {
    await write(fs, `${root}/a`, 'still here')
    await using file = await fs.open(`${root}/a`, 'read')
    await fs.remove(`${root}/a`)
    const target = Buffer.alloc(10)
    expect(await file.read(target, 0)).toBe(10)
    expect(target.toString()).toBe('still here')
  })
}

function folderContract(check: Define): void {
  check('lists names sorted', async ({ fs, root }) => {
    for (const name of ['b', 'a', 'B', '10', '9', 'é']) await write(fs, `${root}/${name}`, '')
    await fs.makeDirectory(`${root}/c`)
    expect(await fs.list(root)).toEqual(['10', '9', 'B', 'a', 'b', 'c', 'é'])
  })

  check('fails to list a missing folder with ENOENT', async ({ fs, root }) => {
    await expect(fs.list(`${root}/no`)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  check('makes a folder with its parents, more than once', async ({ fs, root }) => {
    await fs.makeDirectory(`${root}/x/y/z`)
    await fs.makeDirectory(`${root}/x/y/z`)
    await Promise.all([fs.makeDirectory(`${root}/p/q`), fs.makeDirectory(`${root}/p/q`)])
    expect(await fs.stat(`${root}/x/y/z`)).toMatchObject({ kind: 'directory' })
    expect(await fs.list(`${root}/x`)).toEqual(['y'])
    expect(await fs.list(`${root}/p`)).toEqual(['q'])
    await fs.syncDirectory(`${root}/x`)
  })

  check('does not make a folder where a file is', async ({ fs, root }) => {
    await write(fs, `${root}/a`, '')
    await expect(fs.makeDirectory(`${root}/a`)).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(fs.makeDirectory(`${root}/a/b`)).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  check('fails to create in a missing folder with ENOENT', async ({ fs, root }) => {
    await expect(fs.open(`${root}/no/a`, 'create')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  check('renames over what is there', async ({ fs, root }) => {
    await write(fs, `${root}/old`, 'old')
    await write(fs, `${root}/new`, 'new')
    await fs.rename(`${root}/new`, `${root}/old`)
    expect(await text(fs, `${root}/old`)).toBe('new')
    expect(await fs.list(root)).toEqual(['old'])
  })

  check('renames between folders', async ({ fs, root }) => {
    await fs.makeDirectory(`${root}/x`)
    await write(fs, `${root}/a`, 'moved')
    await fs.rename(`${root}/a`, `${root}/x/b`)
    expect(await text(fs, `${root}/x/b`)).toBe('moved')
    expect(await fs.list(root)).toEqual(['x'])
  })

  check('fails to rename or remove what is missing with ENOENT', async ({ fs, root }) => {
    const code = 'ENOENT'
    await expect(fs.rename(`${root}/no`, `${root}/a`)).rejects.toMatchObject({ code })
    await expect(fs.remove(`${root}/no`)).rejects.toMatchObject({ code })
    await expect(fs.syncDirectory(`${root}/no`)).rejects.toMatchObject({ code })
  })

  check('removes a file, whose name is then free', async ({ fs, root }) => {
    await write(fs, `${root}/a`, 'one')
    await fs.remove(`${root}/a`)
    expect(await fs.stat(`${root}/a`)).toBeNull()
    await write(fs, `${root}/a`, 'two')
    expect(await text(fs, `${root}/a`)).toBe('two')
  })

  check('tells kind and size', async ({ fs, root }) => {
    await write(fs, `${root}/a`, '12345')
    expect(await fs.stat(`${root}/a`)).toEqual({ kind: 'file', size: 5 })
    expect((await fs.stat(root))?.kind).toBe('directory')
  })

  check('tells the room of the volume', async ({ fs, root }) => {
    const { freeSize, totalSize } = await fs.space(root)
    expect(freeSize).toBeGreaterThan(0)
    expect(totalSize).toBeGreaterThanOrEqual(freeSize)
    await expect(fs.space(`${root}/no`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
}

function lockContract(check: Define): void {
  check('gives a lock to one holder at a time', async ({ fs, root }) => {
    const held = await fs.lock(`${root}/lock`)
    expect(held).not.toBeNull()
    expect(await fs.lock(`${root}/lock`)).toBeNull()
    const other = await fs.lock(`${root}/other`)
    expect(other).not.toBeNull()
    await held?.release()
    await held?.release()
    const again = await fs.lock(`${root}/lock`)
    expect(again).not.toBeNull()
    // A second release of the first holder must not free the second one's.
    await held?.release()
    expect(await fs.lock(`${root}/lock`)).toBeNull()
    await again?.release()
    await other?.release()
  })

  check('locks a file that is there', async ({ fs, root }) => {
    await write(fs, `${root}/lock`, 'x')
    const held = await fs.lock(`${root}/lock`)
    expect(held).not.toBeNull()
    await held?.release()
    expect(await text(fs, `${root}/lock`)).toBe('x')
  })
}

function bytes(content: string): Buffer {
  return Buffer.from(content)
}

async function write(fs: FileSystem, path: string, content: string): Promise<void> {
  await using file = await fs.open(path, 'create')
  await file.write([bytes(content)], 0)
  await file.sync()
}

async function text(fs: FileSystem, path: string): Promise<string> {
  await using file = await fs.open(path, 'read')
  const target = Buffer.alloc(await file.size())
  await file.read(target, 0)
  return target.toString()
}
