import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import type { MirrorEvent } from '../../../src/platform/mirror/mirror-copies.ts'
import type { OpenMirror } from '../../../src/platform/mirror/open-mirror.ts'
import { type Disk, openMirror, put, textOn } from './mirror-bed.ts'

async function disk(directory: string): Promise<Disk> {
  const fs = new MemoryFileSystem({ simulate: true })
  await fs.makeDirectory(directory)
  return { fs, directory }
}

async function twoDisks(): Promise<[Disk, Disk]> {
  return [await disk('/a'), await disk('/b')]
}

function crashed({ fs, directory }: Disk): Disk {
  return { fs: fs.crash({ model: 'lose-all' }), directory }
}

function isWhole(mirror: OpenMirror): Promise<void> {
  return expect.poll(() => mirror.problems, { interval: 2 }).toEqual([])
}

/** Everything on a disk but what each has for itself. */
async function contentOf(on: Disk, path = ''): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for (const name of await on.fs.list(`${on.directory}${path}`)) {
    if (['mirror.json', 'lock', 'index'].includes(name)) continue
    const child = `${path}/${name}`
    const stat = await on.fs.stat(`${on.directory}${child}`)
    if (stat?.kind === 'directory') Object.assign(content, await contentOf(on, child))
    else content[child] = (await textOn(on, child.slice(1))) ?? ''
  }
  return content
}

describe('an empty disk in the place of one that is gone', () => {
  it('is filled while files are made, written, renamed and removed', async () => {
    const [first, second] = await twoDisks()
    const events: MirrorEvent[] = []
    {
      await using mirror = await openMirror([first, second])
      await mirror.fileSystem.makeDirectory('/a/x/y')
      for (let index = 0; index < 20; index++) await put(mirror, `/a/x/f${index}`, `f${index}`)
      await put(mirror, '/a/x/y/large', 'l'.repeat(3_000_000))
    }
    const fresh = await disk('/b')
    await using mirror = await openMirror([first, fresh], { lost: ['/b'], events })
    expect(mirror.problems).toHaveLength(1)
    const { fileSystem } = mirror
    const open = await fileSystem.open('/a/x/open', 'create')
    await open.write([Buffer.from('before ')], 0)
    mirror.start()
    let end = 7
    for (let round = 0; (mirror.problems.length > 0 || round < 10) && round < 2000; round++) {
      await open.write([Buffer.from(`${round % 10}`)], end++)
      await open.sync()
      await put(mirror, `/a/x/new${round}`, `new ${round}`)
      await fileSystem.rename(`/a/x/new${round}`, `/a/x/renamed${round % 7}`)
      if (round < 10) await fileSystem.remove(`/a/x/f${round}`)
      await fileSystem.syncDirectory('/a/x')
    }
    await open.close()
    expect(events.map(({ event }) => event)).toEqual(['refill-started', 'refilled'])
    const content = await contentOf(crashed(first))
    expect(Object.keys(content).length).toBeGreaterThan(15)
    expect(await contentOf(crashed(fresh))).toEqual(content)
    // It counts: alone, it is trusted once the other is said to be lost.
    await openMirror([crashed(fresh)], { lost: ['/a'] })
  })

  it('has what was durable in a file that is open, without another sync', async () => {
    const [first, second] = await twoDisks()
    await (await openMirror([first, second]))[Symbol.asyncDispose]()
    const fresh = await disk('/b')
    await using mirror = await openMirror([first, fresh], { lost: ['/b'] })
    const open = await mirror.fileSystem.open('/a/open', 'create')
    await open.write([Buffer.alloc(2_500_000, 'x')], 0)
    await open.sync()
    await mirror.fileSystem.syncDirectory('/a')
    mirror.start()
    await isWhole(mirror)
    expect((await textOn(crashed(fresh), 'open'))?.length).toBe(2_500_000)
    await open.close()
  })

  it('fills the first directory from the second one as well', async () => {
    const [first, second] = await twoDisks()
    {
      await using mirror = await openMirror([first, second])
      await put(mirror, '/a/f', 'kept')
    }
    const fresh = await disk('/a')
    await using mirror = await openMirror([fresh, second], { lost: ['/a'] })
    await put(mirror, '/a/g', 'new')
    mirror.start()
    await isWhole(mirror)
    expect(await contentOf(crashed(fresh))).toEqual({
      '/f': 'kept',
      '/g': 'new',
      '/store': 'a store',
    })
  })
})

describe('a disk that failed and is back', () => {
  it('gets everything anew, and loses what is gone', async () => {
    const [first, second] = await twoDisks()
    await using mirror = await openMirror([first, second])
    await mirror.fileSystem.makeDirectory('/a/x')
    await put(mirror, '/a/x/gone', 'gone')
    await put(mirror, '/a/x/kept', 'kept')
    await put(mirror, '/a/state.json', 'old')
    second.fs.intercept(() => ({ code: 'EIO' }))
    await put(mirror, '/a/x/new', 'new')
    await mirror.fileSystem.remove('/a/x/gone')
    await put(mirror, '/a/state.tmp', 'new')
    await mirror.fileSystem.rename('/a/state.tmp', '/a/state.json')
    mirror.start()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(mirror.problems).toEqual(['mirror /b is not in use: EIO'])
    second.fs.intercept(null)
    await isWhole(mirror)
    const content = {
      '/x/kept': 'kept',
      '/x/new': 'new',
      '/state.json': 'new',
      '/store': 'a store',
    }
    await mirror.fileSystem.syncDirectory('/a')
    expect(await contentOf(crashed(second))).toEqual(content)
    await put(mirror, '/a/x/later', 'later')
    expect(await textOn(crashed(second), 'x/later')).toBe('later')
  })

  it('is left alone when it holds writes of its own', async () => {
    const [first, second] = await twoDisks()
    {
      await using mirror = await openMirror([first, second])
      await put(mirror, '/a/f', 'both')
    }
    const apart = crashed(second)
    {
      await using alone = await openMirror([apart], { lost: ['/a'] })
      await put(alone, '/b/own', 'own')
    }
    second.fs.intercept(() => ({ code: 'EIO' }))
    await using mirror = await openMirror([first, second], { lost: ['/b'] })
    await put(mirror, '/a/g', 'g')
    await expect(openMirror([crashed(first), apart])).rejects.toMatchObject({ kind: 'diverged' })
    expect(await textOn(apart, 'own')).toBe('own')
  })
})

describe('when a filling fails at any of its operations', () => {
  it('begins again and ends whole; what is filled in part is never trusted', async () => {
    const counter = await filled(() => false)
    expect(counter.count).toBeGreaterThan(25)
    for (let failing = 0; failing < counter.count; failing++) {
      const { fresh } = await filled((index) => index === failing)
      expect(await contentOf(crashed(fresh)), `at ${failing}`).toEqual(counter.content)
    }
  })

  async function filled(failing: (index: number) => boolean) {
    const [first, second] = await twoDisks()
    {
      await using mirror = await openMirror([first, second])
      await mirror.fileSystem.makeDirectory('/a/x')
      await put(mirror, '/a/x/one', 'one')
      await put(mirror, '/a/x/two', 'two')
    }
    const fresh = await disk('/b')
    const parts: Disk[] = []
    let count = 0
    await using mirror = await openMirror([first, fresh], { lost: ['/b'], retryIntervalMs: 1 })
    const open = await mirror.fileSystem.open('/a/x/open', 'create')
    await open.write([Buffer.from('open')], 0)
    fresh.fs.intercept(({ operation, path }) => {
      if (count % 5 === 0) parts.push(crashed(fresh))
      // The name of a folder whose sync has failed is never durable, and cannot be made anew.
      const isOfFolder = operation === 'syncDirectory' && path === '/b'
      return failing(count++) && !isOfFolder ? { code: 'EIO' } : null
    })
    mirror.start()
    await isWhole(mirror)
    fresh.fs.intercept(null)
    await open.sync()
    await mirror.fileSystem.syncDirectory('/a/x')
    await open.close()
    for (const part of parts) {
      // Refused, or taken for a new and empty directory; but once it was complete it is one.
      const alone = await openMirror([part], { lost: ['/a'] }).catch(() => null)
      if (alone === null) continue
      const content = await contentOf(part)
      if (Object.keys(content).length > 1) expect(content).toMatchObject({ '/x/two': 'two' })
    }
    return { count, fresh, content: await contentOf(crashed(fresh)) }
  }
})
