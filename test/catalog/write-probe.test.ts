import { expect, it } from 'vitest'
import { CatalogError } from '../../src/catalog/errors.ts'
import { WriteProbe } from '../../src/catalog/write-probe.ts'
import { ErrnoError } from '../../src/platform/errno-error.ts'
import { SegmentError } from '../../src/segment/errors.ts'

const committed = { committed: true, sequence: 1 } as const

function failed(code: string) {
  const cause = new ErrnoError(code, 'write', '/data/journal/00000001.seg')
  return new SegmentError('abandoned', {}, { cause })
}

it('finds out by itself that the catalog writes again', async () => {
  let isWell = false
  let attempts = 0
  await using probe = new WriteProbe({ intervalMs: 5 })
  probe.watch({
    commit: async () => {
      attempts++
      if (isWell) return committed
      throw new CatalogError('unavailable', 'no', { cause: failed('EROFS') })
    },
  })
  expect(probe.problem).toBeNull()
  probe.note({ event: 'groupFailed', commitCount: 1, cause: failed('EIO') })
  expect(probe.problem).toBe('the catalog cannot write: a write failed (EIO)')
  await expect.poll(() => probe.problem).toContain('read-only (EROFS)')
  isWell = true
  await expect.poll(() => probe.problem).toBeNull()
  const settled = attempts
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(attempts).toBe(settled)
})

it('believes a write of somebody else', async () => {
  await using probe = new WriteProbe({ intervalMs: 3_600_000 })
  probe.note({ event: 'groupFailed', commitCount: 1, cause: failed('ENOSPC') })
  expect(probe.problem).toContain('the disk is full (ENOSPC)')
  probe.note({ event: 'group', commitCount: 1, commitSize: 100, syncMs: 1 })
  expect(probe.problem).toBeNull()
})

it('says that the index is being made anew', async () => {
  await using probe = new WriteProbe()
  probe.note({ event: 'rebuildStarted', reason: 'damage', cause: null })
  expect(probe.problem).toBe('the index is being made anew')
  probe.note({ event: 'rebuilt', sequence: 1, durationMs: 1 })
  expect(probe.problem).toBeNull()
})
