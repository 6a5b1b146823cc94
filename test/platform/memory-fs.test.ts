import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { fileSystemContract } from '../contracts/file-system.contract.ts'

for (const simulate of [false, true]) {
  fileSystemContract(
    `MemoryFileSystem ${simulate ? 'with' : 'without'} simulation`,
    async (test) => {
      const fs = new MemoryFileSystem({ simulate })
      await fs.makeDirectory('/data')
      await test({ fs, root: '/data' })
    },
  )
}

describe('MemoryFileSystem', () => {
  it('traces what changes the disk, in order', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    await fs.makeDirectory('/data')
    const file = await fs.open('/data/a.tmp', 'create')
    await file.write([Buffer.from('abc'), Buffer.from('d')], 8)
    await file.sync()
    await file.truncate(2)
    await file.read(Buffer.alloc(1), 0)
    await file.close()
    await fs.rename('/data/a.tmp', '/data/a')
    await fs.syncDirectory('/data')
    await fs.remove('/data/a')
    expect(fs.trace.map(({ index: _, ...operation }) => operation)).toEqual([
      { operation: 'syncDirectory', path: '/' },
      { operation: 'makeDirectory', path: '/data' },
      { operation: 'syncDirectory', path: '/' },
      { operation: 'create', path: '/data/a.tmp' },
      { operation: 'write', path: '/data/a.tmp', offset: 8, length: 4 },
      { operation: 'sync', path: '/data/a.tmp' },
      { operation: 'truncate', path: '/data/a.tmp', offset: 2 },
      { operation: 'rename', path: '/data/a.tmp', target: '/data/a' },
      { operation: 'syncDirectory', path: '/data' },
      { operation: 'remove', path: '/data/a' },
    ])
  })

  it('fails exactly the operation it is told to, and only it', async () => {
    const fs = new MemoryFileSystem()
    const file = await fs.open('/a', 'create')
    const failing = fs.operationCount + 1
    fs.intercept(({ index }) => (index === failing ? { code: 'EIO' } : null))
    await file.write([Buffer.from('one')], 0)
    await expect(file.write([Buffer.from('two')], 3)).rejects.toMatchObject({ code: 'EIO' })
    await file.write([Buffer.from('six')], 3)
    expect((await content(fs, '/a')).toString()).toBe('onesix')
  })

  it('lands part of a write that fails', async () => {
    const fs = new MemoryFileSystem()
    const file = await fs.open('/a', 'create')
    fs.intercept(({ operation }) =>
      operation === 'write' ? { code: 'ENOSPC', landedSize: 4 } : null,
    )
    const pieces = [Buffer.from('abc'), Buffer.from('def')]
    await expect(file.write(pieces, 0)).rejects.toMatchObject({ code: 'ENOSPC' })
    fs.intercept(null)
    expect((await content(fs, '/a')).toString()).toBe('abcd')
  })

  it('delays an operation until its interceptor resolves', async () => {
    const fs = new MemoryFileSystem()
    let release = () => {}
    const gate = new Promise<null>((resolve) => {
      release = () => resolve(null)
    })
    fs.intercept(() => gate)
    const opening = fs.open('/a', 'create')
    await new Promise((resolve) => setImmediate(resolve))
    fs.intercept(null)
    expect(await fs.stat('/a')).toBeNull()
    release()
    await opening
    expect(await fs.stat('/a')).not.toBeNull()
  })

  it('is full at its capacity, and has room again when a file is gone', async () => {
    const fs = new MemoryFileSystem({ capacity: 100 })
    const first = await fs.open('/first', 'create')
    await first.write([Buffer.alloc(60, 1)], 0)
    const second = await fs.open('/second', 'create')
    const full = { code: 'ENOSPC' }
    await expect(second.write([Buffer.alloc(60, 2)], 0)).rejects.toMatchObject(full)
    expect(await second.size()).toBe(40)
    expect(await fs.space('/')).toEqual({ freeSize: 0, totalSize: 100 })
    // Rewriting needs no room.
    await second.write([Buffer.alloc(40, 3)], 0)
    await fs.remove('/first')
    expect((await fs.space('/')).freeSize).toBe(0)
    await first.close()
    expect((await fs.space('/')).freeSize).toBe(60)
    await second.truncate(10)
    expect((await fs.space('/')).freeSize).toBe(90)
    await expect(second.truncate(101)).rejects.toMatchObject(full)
  })

  it('appends without copying what is there', async () => {
    const fs = new MemoryFileSystem()
    const file = await fs.open('/a', 'create')
    const piece = Buffer.alloc(1000, 5)
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 64_000; index++) await file.write([piece], index * 1000)
    const grown = process.memoryUsage().arrayBuffers - before
    expect(await file.size()).toBe(64_000_000)
    expect(grown).toBeLessThan(64_000_000 * 1.1)
  })
})

async function content(fs: MemoryFileSystem, path: string): Promise<Buffer> {
  await using file = await fs.open(path, 'read')
  const target = Buffer.alloc(await file.size())
  await file.read(target, 0)
  return target
}
