import { describe, expect, it } from 'vitest'
import { readFile, writeFileAtomically } from '../../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'

describe('writeFileAtomically', () => {
  it('reads as null before the first write', async () => {
    expect(await readFile(new MemoryFileSystem(), '/a.json')).toBeNull()
  })

  it('writes aside, syncs, renames and syncs the folder, in this order', async () => {
    const fs = new MemoryFileSystem({ trace: true })
    await writeFileAtomically(fs, '/a.json', Buffer.from('{}'))
    expect(fs.trace.map(({ operation, path }) => `${operation} ${path}`)).toEqual([
      'remove /a.json.tmp',
      'create /a.json.tmp',
      'write /a.json.tmp',
      'sync /a.json.tmp',
      'rename /a.json.tmp',
      'syncDirectory /',
    ])
    expect((await readFile(fs, '/a.json'))?.toString()).toBe('{}')
  })

  it('leaves the old file or the new one at every crash, and the new one in the end', async () => {
    const fs = new MemoryFileSystem({ simulate: true })
    await writeFileAtomically(fs, '/a', Buffer.from('old'))
    const images: MemoryFileSystem[] = []
    const crash = () => {
      for (const model of ['lose-all', 'keep-all', 'kill'] as const)
        images.push(fs.crash({ model }))
      for (let seed = 0; seed < 20; seed++) {
        images.push(fs.crash({ model: 'subset', seed }), fs.crash({ model: 'torn', seed }))
      }
    }
    fs.intercept(() => {
      crash()
      return null
    })
    await writeFileAtomically(fs, '/a', Buffer.alloc(2000, 'n'))
    fs.intercept(null)
    for (const image of images) {
      const left = (await readFile(image, '/a'))?.toString()
      expect(left === 'old' || left === 'n'.repeat(2000)).toBe(true)
    }
    images.length = 0
    crash()
    for (const image of images) {
      expect((await readFile(image, '/a'))?.toString()).toBe('n'.repeat(2000))
    }
  })

  it.each([
    ['sync', () => writeFileAtomically],
    ['size', () => async (fs: MemoryFileSystem) => await readFile(fs, '/a')],
  ] as const)(
    'tells of the %s that failed, and not of the close that failed too',
    async (first, act) => {
      const fs = new MemoryFileSystem()
      await writeFileAtomically(fs, '/a', Buffer.from('old'))
      const failing: string[] = [first, 'close']
      fs.intercept(({ operation }) => (failing.includes(operation) ? { code: 'ENOSPC' } : null))
      const acted = act()(fs, '/a', Buffer.from('new'))
      await expect(acted).rejects.toMatchObject({
        code: 'ENOSPC',
        message: expect.stringContaining(first),
      })
      fs.intercept(null)
      expect((await readFile(fs, '/a'))?.toString()).toBe('old')
    },
  )

  it('takes over from an attempt that failed', async () => {
    const fs = new MemoryFileSystem()
    fs.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    const bytes = Buffer.from('x')
    await expect(writeFileAtomically(fs, '/a', bytes)).rejects.toMatchObject({ code: 'EIO' })
    fs.intercept(null)
    await writeFileAtomically(fs, '/a', bytes)
    expect(await fs.list('/')).toEqual(['a'])
  })
})
