import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ErrnoError } from '../../src/platform/errno-error.ts'
import { type NodeCalls, nodeCalls } from '../../src/platform/node-calls.ts'
import { NodeFileSystem } from '../../src/platform/node-fs.ts'
import { fileSystemContract } from '../contracts/file-system.contract.ts'

fileSystemContract('NodeFileSystem', (test) =>
  withFolder((root) => test({ fs: new NodeFileSystem(), root })),
)

// The same promises when every call comes up short now and then.
fileSystemContract('NodeFileSystem on a reluctant kernel', (test) =>
  withFolder((root) => test({ fs: new NodeFileSystem(reluctant()), root })),
)

describe('NodeFileSystem', () => {
  it('makes files and folders for the owner alone', () =>
    withFolder(async (root) => {
      const fs = new NodeFileSystem()
      await fs.makeDirectory(`${root}/x/y`)
      await using file = await fs.open(`${root}/x/y/a`, 'create')
      expect((await stat(file.path)).mode & 0o777).toBe(0o600)
      expect((await stat(`${root}/x`)).mode & 0o777).toBe(0o700)
      expect((await stat(`${root}/x/y`)).mode & 0o777).toBe(0o700)
    }))

  it('syncs each folder it made into its parent', () =>
    withFolder(async (root) => {
      const opened = new Map<number, string>()
      const synced: string[] = []
      const fs = new NodeFileSystem({
        ...nodeCalls,
        open: async (path, flags, mode) => {
          const fd = await nodeCalls.open(path, flags, mode)
          opened.set(fd, path)
          return fd
        },
        sync: async (fd) => {
          synced.push(opened.get(fd) ?? '?')
          await nodeCalls.sync(fd)
        },
      })
      await fs.makeDirectory(join(root, 'x/y'))
      expect(synced).toEqual([join(root, '..'), root, join(root, 'x')])
    }))

  it('gives up on a write that makes no progress', () =>
    withFolder(async (root) => {
      const fs = new NodeFileSystem({ ...nodeCalls, write: async () => 0 })
      await using file = await fs.open(`${root}/a`, 'create')
      await expect(file.write([Buffer.from('x')], 0)).rejects.toMatchObject({ code: 'EIO' })
    }))

  it('passes a failed sync on', () =>
    withFolder(async (root) => {
      const failing = () => Promise.reject(new ErrnoError('EIO', 'sync', root))
      const fs = new NodeFileSystem({ ...nodeCalls, datasync: failing })
      await using file = await fs.open(`${root}/a`, 'create')
      await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    }))

  it('loses its lock to another process, and gets it back when that one is killed', () =>
    withFolder(async (root) => {
      const fs = new NodeFileSystem()
      const child = lockInChild(`${root}/lock`)
      expect(await answer(child)).toBe('locked')
      expect(await fs.lock(`${root}/lock`)).toBeNull()
      child.kill('SIGKILL')
      await once(child, 'exit')
      const held = await fs.lock(`${root}/lock`)
      expect(held).not.toBeNull()
      const second = lockInChild(`${root}/lock`)
      expect(await answer(second)).toBe('refused')
      second.kill('SIGKILL')
      await once(second, 'exit')
      await held?.release()
    }))
})

/** Calls that come up short, or are interrupted first, in turn. */
function reluctant(): NodeCalls {
  let count = 0
  const interruptOften = (operation: string) => {
    if (count++ % 3 === 0) throw new ErrnoError(count % 2 === 0 ? 'EINTR' : 'EAGAIN', operation, '')
  }
  const short = (length: number) => Math.max(1, Math.floor(length / 2))
  return {
    ...nodeCalls,
    read: async (fd, target, position) => {
      interruptOften('read')
      return nodeCalls.read(fd, target.subarray(0, short(target.length)), position)
    },
    write: async (fd, pieces, position) => {
      interruptOften('write')
      expect(pieces.length).toBeLessThanOrEqual(1024)
      const half = pieces.slice(0, short(pieces.length))
      const last = half.pop() ?? new Uint8Array(0)
      return nodeCalls.write(fd, [...half, last.subarray(0, short(last.length))], position)
    },
  }
}

function lockInChild(path: string): ChildProcess {
  return fork(join(import.meta.dirname, 'lock-child.ts'), [path], {
    execArgv: ['--import', 'tsx'],
  })
}

async function answer(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message')
  return message
}

async function withFolder(test: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'varve-fs-'))
  try {
    await test(root)
  } finally {
    await rm(root, { recursive: true })
  }
}
