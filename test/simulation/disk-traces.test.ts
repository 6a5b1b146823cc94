import { beforeAll, describe, expect, it } from 'vitest'
import type { DiskOperation } from '../../src/platform/memory-fs.ts'
import { collectTraces, type DiskTrace, diskTraces } from './disk-traces.ts'

describe('the order of calls to the disk', () => {
  let traces: readonly DiskTrace[]
  beforeAll(async () => {
    traces = await collectTraces()
  })

  // Written anew by `npx vitest run test/simulation/disk-traces.test.ts --update`; to be reviewed.
  it('is what was reviewed', async () => {
    await expect(await diskTraces()).toMatchFileSnapshot('../golden/disk-traces.txt')
  })

  it('has the bytes of a body durable before the commit that names them', () => {
    for (const { title, operations } of traces) {
      const unsynced = new Set<string>()
      for (const { operation, path } of operations) {
        if (operation === 'write' && path.includes('/hot/')) unsynced.add(path)
        if (operation === 'sync') unsynced.delete(path)
        if (operation === 'write' && path.includes('/journal/')) {
          expect({ title, unsynced: [...unsynced] }).toEqual({ title, unsynced: [] })
        }
      }
    }
  })

  it('has every file synced before it gets its name, and the name synced after', () => {
    for (const { title, operations } of traces) {
      for (const [index, { operation, path, target }] of operations.entries()) {
        if (operation !== 'rename') continue
        // That it is read back in between changes nothing.
        const before = operations
          .slice(0, index)
          .filter((one) => one.path === path && one.operation !== 'open')
        expect({ title, path, last: before.at(-1)?.operation }).toMatchObject({ last: 'sync' })
        expect(isSynced(operations.slice(index), folderOf(target ?? ''))).toBe(true)
      }
    }
  })

  it('has every new name durable before its first record', () => {
    for (const { operations } of traces) {
      for (const [index, { operation, path }] of operations.entries()) {
        if (operation !== 'create' || !path.endsWith('.seg')) continue
        const own = operations.slice(index + 1)
        const firstRecord = own.findIndex(
          (one) => one.operation === 'write' && one.path === path && one.offset !== 0,
        )
        const until = firstRecord < 0 ? own : own.slice(0, firstRecord)
        expect({ path, isSynced: isSynced(until, folderOf(path)) }).toMatchObject({
          isSynced: true,
        })
      }
    }
  })
})

function isSynced(operations: readonly DiskOperation[], folder: string): boolean {
  return operations.some(({ operation, path }) => operation === 'syncDirectory' && path === folder)
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
