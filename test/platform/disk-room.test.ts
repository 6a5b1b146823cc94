import { expect, it } from 'vitest'
import { DiskRoom } from '../../src/platform/disk-room.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'

async function roomOn(fs: MemoryFileSystem, reserveSize: number): Promise<DiskRoom> {
  await fs.makeDirectory('/data')
  return DiskRoom.open({ fs, path: '/data', reserveSize, intervalMs: 5 })
}

it('is short when only the reserve is left, and not any more once there is room', async () => {
  const fs = new MemoryFileSystem({ capacity: 100_000 })
  await using room = await roomOn(fs, 1000)
  expect(room.isShort).toBe(false)
  const file = await fs.open('/data/ballast', 'create')
  await file.write([Buffer.alloc(99_100)], 0)
  await expect.poll(() => room.isShort).toBe(true)
  await file.truncate(98_900)
  await expect.poll(() => room.isShort).toBe(false)
})

it('counts what is on its way until it looks again', async () => {
  const fs = new MemoryFileSystem({ capacity: 100_000 })
  await fs.makeDirectory('/data')
  const options = { path: '/data', reserveSize: 1000, intervalMs: 3_600_000 }
  await using room = await DiskRoom.open({ fs, ...options })
  fs.intercept(() => ({ code: 'EIO' }))
  room.note(98_999)
  expect(room.isShort).toBe(false)
  room.note(1)
  expect(room.isShort).toBe(true)
  expect(room.freeSize).toBe(1000)
  await room.look()
  fs.intercept(null)
  await room.look()
  expect(room.freeSize).toBe(100_000)
  expect(room.isShort).toBe(false)
})

it('keeps no more than a twentieth of a small disk, and nothing when told so', async () => {
  const fs = new MemoryFileSystem({ capacity: 100_000 })
  await using room = await roomOn(fs, 1_000_000)
  expect(room.reserveSize).toBe(5000)
  await using none = await DiskRoom.open({ fs, path: '/data', reserveSize: 0, intervalMs: 5 })
  none.note(1_000_000)
  expect(none.isShort).toBe(false)
})

it('stays as it was while the disk does not answer', async () => {
  const fs = new MemoryFileSystem({ capacity: 100_000 })
  await using room = await roomOn(fs, 1000)
  fs.intercept(({ operation }) => (operation === 'space' ? { code: 'EIO' } : null))
  room.note(1_000_000)
  await room.look()
  expect(room.isShort).toBe(true)
  fs.intercept(null)
  await expect.poll(() => room.isShort).toBe(false)
})

it('looks again when half of the room seems gone', async () => {
  const fs = new MemoryFileSystem({ capacity: 100_000 })
  await fs.makeDirectory('/data')
  const options = { path: '/data', reserveSize: 1000, intervalMs: 3_600_000 }
  await using room = await DiskRoom.open({ fs, ...options })
  for (let count = 0; count < 50; count++) {
    room.note(10_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(room.isShort).toBe(false)
  }
})
