import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { appendAll, collect, openSegments } from './fixture.ts'

describe('a journal segment found unsealed', () => {
  it('may lose with a power loss what a killed process had only written', async () => {
    const killed = await killedAfterWrite(null)
    expect(await recordCount(killed.crash({ model: 'lose-all' }))).toBe(1)
  })

  it('is durable once it was asked to be, whatever the power does', async () => {
    const killed = await killedAfterWrite(null)
    await (await openSegments(killed, { seed: 2 })).makeDurable(1)
    expect(await recordCount(killed.crash({ model: 'lose-all' }))).toBe(3)
  })

  // The system believes such bytes are on the disk: a sync alone would do nothing for them.
  it('is durable even where a sync of it has failed before', async () => {
    const killed = await killedAfterWrite('EIO')
    await (await openSegments(killed, { seed: 2 })).makeDurable(1)
    expect(await recordCount(killed.crash({ model: 'lose-all' }))).toBe(3)
  })

  it('says so when it cannot be made durable', async () => {
    const killed = await killedAfterWrite(null)
    const segments = await openSegments(killed, { seed: 2 })
    killed.intercept(({ operation }) => (operation === 'sync' ? { code: 'EIO' } : null))
    await expect(segments.makeDurable(1)).rejects.toMatchObject({ code: 'EIO' })
  })
})

/** One synced record and two written ones, whose sync failed or never came. */
async function killedAfterWrite(failure: string | null): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem({ simulate: true })
  const segments = await openSegments(fs)
  const writer = segments.createWriter({ kind: 'journal' })
  appendAll(writer, ['one'])
  await writer.sync()
  appendAll(writer, ['two', 'three'])
  await writer.write()
  if (failure !== null) {
    fs.intercept(({ operation }) => (operation === 'sync' ? { code: failure } : null))
    await writer.sync().catch(() => {})
    fs.intercept(null)
  }
  return fs.crash({ model: 'kill' })
}

async function recordCount(fs: MemoryFileSystem): Promise<number> {
  const segments = await openSegments(fs, { seed: 3 })
  const steps = await collect(segments.scan(1, { payloads: true }))
  return steps.filter(({ step }) => step === 'record').length
}
