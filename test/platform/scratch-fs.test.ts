import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { ScratchFileSystem } from '../../src/platform/scratch-fs.ts'
import { fileSystemContract } from '../contracts/file-system.contract.ts'

for (const place of ['below', 'in itself'] as const) {
  fileSystemContract(`ScratchFileSystem with a folder ${place}`, async (test) => {
    const base = new MemoryFileSystem()
    const fs = new ScratchFileSystem(base)
    await (place === 'below' ? base : fs).makeDirectory('/data')
    await test({ fs, root: '/data' })
  })
}

describe('ScratchFileSystem', () => {
  it('shows what is below, and keeps every change to itself', async () => {
    const base = new MemoryFileSystem({ trace: true })
    await base.makeDirectory('/data')
    for (const name of ['changed', 'removed', 'renamed', 'cut', 'kept']) {
      await using file = await base.open(`/data/${name}`, 'create')
      await file.write([Buffer.alloc(200_000, name)], 0)
    }
    const changes = () => base.trace.filter(({ operation }) => operation !== 'open').length
    const before = changes()
    await using fs = new ScratchFileSystem(base)
    {
      await using changed = await fs.open('/data/changed', 'update')
      await changed.write([Buffer.from('new')], 65_535)
      await using cut = await fs.open('/data/cut', 'update')
      await cut.truncate(70_000)
      await cut.truncate(150_000)
      await using made = await fs.open('/data/made', 'create')
      await made.write([Buffer.from('made')], 0)
    }
    await fs.remove('/data/removed')
    await fs.rename('/data/renamed', '/data/other')
    await fs.makeDirectory('/data/folder')

    expect(await fs.list('/data')).toEqual(['changed', 'cut', 'folder', 'kept', 'made', 'other'])
    const changed = await content(fs, '/data/changed')
    expect(changed.equals(patched(Buffer.alloc(200_000, 'changed'), 65_535, 'new'))).toBe(true)
    const cut = Buffer.concat([Buffer.alloc(70_000, 'cut'), Buffer.alloc(80_000)])
    expect((await content(fs, '/data/cut')).equals(cut)).toBe(true)
    expect((await content(fs, '/data/other')).equals(Buffer.alloc(200_000, 'renamed'))).toBe(true)

    expect(changes()).toBe(before)
    expect(await base.list('/data')).toEqual(['changed', 'cut', 'kept', 'removed', 'renamed'])
    expect((await content(base, '/data/changed')).equals(Buffer.alloc(200_000, 'changed'))).toBe(
      true,
    )
  })
})

function patched(bytes: Buffer, at: number, text: string): Buffer {
  bytes.write(text, at)
  return bytes
}

async function content(fs: Pick<MemoryFileSystem, 'open'>, path: string): Promise<Buffer> {
  await using file = await fs.open(path, 'read')
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  return bytes
}
