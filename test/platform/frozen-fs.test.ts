import { describe, expect, it } from 'vitest'
import { FrozenFileSystem } from '../../src/platform/frozen-fs.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'

async function write(fs: MemoryFileSystem, path: string, text: string): Promise<void> {
  await using file = await fs.open(path, 'create')
  await file.write([Buffer.from(text)], 0)
}

async function append(fs: MemoryFileSystem, path: string, text: string): Promise<void> {
  await using file = await fs.open(path, 'update')
  await file.write([Buffer.from(text)], await file.size())
}

async function text(fs: FrozenFileSystem, path: string): Promise<string> {
  await using file = await fs.open(path, 'read')
  const bytes = Buffer.alloc(100)
  return bytes.toString('latin1', 0, await file.read(bytes, 0))
}

describe('FrozenFileSystem', () => {
  it('shows files as they were, though they grow, go, and others come', async () => {
    const base = new MemoryFileSystem()
    await base.makeDirectory('/data/hot')
    await write(base, '/data/hot/grows', 'one')
    await write(base, '/data/hot/goes', 'two')
    await using frozen = new FrozenFileSystem(base)
    await frozen.take('/data/hot')
    await append(base, '/data/hot/grows', ' more')
    await base.remove('/data/hot/goes')
    await write(base, '/data/hot/comes', 'three')

    expect(await frozen.list('/data/hot')).toEqual(['goes', 'grows'])
    expect(await text(frozen, '/data/hot/grows')).toBe('one')
    expect(await text(frozen, '/data/hot/goes')).toBe('two')
    expect(await frozen.stat('/data/hot/grows')).toEqual({ kind: 'file', size: 3 })
    expect(await frozen.stat('/data/hot/comes')).toBeNull()
    expect(await frozen.stat('/data')).toMatchObject({ kind: 'directory' })
  })

  it('taken again, shows what came since, and still what went', async () => {
    const base = new MemoryFileSystem()
    await base.makeDirectory('/data/hot')
    await write(base, '/data/hot/grows', 'one')
    await write(base, '/data/hot/goes', 'two')
    await using frozen = new FrozenFileSystem(base)
    await frozen.take('/data/hot')
    await append(base, '/data/hot/grows', ' more')
    await base.remove('/data/hot/goes')
    await write(base, '/data/hot/comes', 'three')
    await frozen.take('/data/hot')

    expect(await frozen.list('/data/hot')).toEqual(['comes', 'goes', 'grows'])
    expect(await text(frozen, '/data/hot/grows')).toBe('one more')
    expect(await text(frozen, '/data/hot/goes')).toBe('two')
  })

  it('takes no change', async () => {
    const base = new MemoryFileSystem()
    await base.makeDirectory('/data')
    await write(base, '/data/a', 'one')
    await using frozen = new FrozenFileSystem(base)
    await frozen.take('/data')
    const code = 'EROFS'
    await expect(frozen.open('/data/a', 'update')).rejects.toMatchObject({ code })
    await expect(frozen.remove('/data/a')).rejects.toMatchObject({ code })
    await expect(frozen.rename('/data/a')).rejects.toMatchObject({ code })
    await expect(frozen.makeDirectory('/data/b')).rejects.toMatchObject({ code })
  })
})
