import { describe, expect, it } from 'vitest'
import type { FileHandle } from '../../src/platform/file-system.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { HandleCache } from '../../src/segment/handle-cache.ts'

async function files(count: number): Promise<{ fs: MemoryFileSystem; opens: () => number }> {
  const fs = new MemoryFileSystem()
  await fs.makeDirectory('/d')
  for (let index = 0; index < count; index++) {
    await using handle = await fs.open(`/d/${index}`, 'create')
    await handle.write([Buffer.from([index])], 0)
  }
  let opens = 0
  fs.intercept(({ operation }) => {
    if (operation === 'open') opens += 1
    return null
  })
  return { fs, opens: () => opens }
}

async function firstByte(handle: FileHandle): Promise<number> {
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0)
  return byte[0] ?? -1
}

describe('handle cache', () => {
  it('opens a file once for many readers', async () => {
    const { fs, opens } = await files(1)
    await using cache = new HandleCache(fs, 4)
    const read = () => cache.use('/d/0', firstByte)
    expect(await Promise.all([read(), read(), read()])).toEqual([0, 0, 0])
    await read()
    expect(opens()).toBe(1)
  })

  it('keeps to its limit and closes the least recently used', async () => {
    const { fs, opens } = await files(4)
    await using cache = new HandleCache(fs, 2)
    for (const name of [0, 1, 0, 2]) await cache.use(`/d/${name}`, firstByte)
    expect(cache.size).toBe(2)
    await cache.use('/d/0', firstByte)
    expect(opens()).toBe(3)
    await cache.use('/d/1', firstByte)
    expect(opens()).toBe(4)
  })

  it('never closes a handle that is being read from', async () => {
    const { fs } = await files(8)
    await using cache = new HandleCache(fs, 1)
    const read = async (handle: FileHandle) => {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return firstByte(handle)
    }
    const names = [0, 1, 2, 3, 4, 5, 6, 7]
    expect(await Promise.all(names.map((name) => cache.use(`/d/${name}`, read)))).toEqual(names)
    expect(cache.size).toBe(1)
  })

  it('lets a reader finish when its file is dropped', async () => {
    const { fs, opens } = await files(1)
    await using cache = new HandleCache(fs, 4)
    let finish: () => void = () => {}
    const wait = new Promise<void>((resolve) => {
      finish = resolve
    })
    const read = cache.use('/d/0', async (handle) => {
      await wait
      return firstByte(handle)
    })
    cache.drop('/d/0')
    finish()
    expect(await read).toBe(0)
    await cache.use('/d/0', firstByte)
    expect(opens()).toBe(2)
  })

  it('tries again after a file could not be opened', async () => {
    const { fs } = await files(1)
    await using cache = new HandleCache(fs, 4)
    fs.intercept(() => ({ code: 'EMFILE' }))
    await expect(cache.use('/d/0', firstByte)).rejects.toMatchObject({ code: 'EMFILE' })
    fs.intercept(null)
    expect(await cache.use('/d/0', firstByte)).toBe(0)
  })
})

it('closes what nobody reads from when there are too many open files', async () => {
  const fs = new MemoryFileSystem()
  const names = ['/a', '/b', '/c', '/d']
  for (const name of names) await (await fs.open(name, 'create')).close()
  let openCount = 0
  fs.intercept(({ operation }) => {
    if (operation === 'open') openCount++
    return operation === 'open' && cache.size > 2 ? { code: 'EMFILE' } : null
  })
  const cache = new HandleCache(fs, 10)
  for (const name of names.slice(0, 3)) await cache.use(name, async () => {})
  await cache.use('/c', async () => {
    // What is read from stays open.
    await cache.use('/d', async () => {})
    expect(cache.size).toBe(2)
  })
  expect(openCount).toBe(5)
  await cache[Symbol.asyncDispose]()
})
