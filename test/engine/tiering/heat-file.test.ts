import { describe, expect, it } from 'vitest'
import {
  decodeHeat,
  encodeHeat,
  loadHeat,
  saveHeat,
} from '../../../src/engine/tiering/heat-file.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { flip, readWhole } from '../../segment/fixture.ts'

const path = '/data/heat'
const now = 1_700_000_000_000
const halfLifeMs = 1000

async function savedHeat() {
  const fs = new MemoryFileSystem({ simulate: true })
  await fs.makeDirectory('/data')
  const heat = await loadHeat(fs, path, { now, halfLifeMs })
  for (let count = 0; count < 6; count++) heat.touch(1 + (count % 2))
  await saveHeat(fs, path, heat)
  return fs
}

describe('the file of heat', () => {
  it('has the layout that docs/format.md gives', () => {
    const bytes = encodeHeat(new Map([[7, 1.5]]), 0x0102030405)
    expect(bytes.toString('hex')).toBe(
      `${Buffer.from('VARVEHOT').toString('hex')}01000000010000000504030201000000` +
        `070000000000c03f${bytes.subarray(-4).toString('hex')}`,
    )
    expect(decodeHeat(bytes)).toEqual({ savedAt: 0x0102030405, entries: [[7, 1.5]] })
  })

  it('outlives the process, and cools while there is none', async () => {
    const fs = await savedHeat()
    const heat = await loadHeat(fs, path, { now: now + halfLifeMs, halfLifeMs })
    expect([heat.of(1), heat.of(2)]).toEqual([1.5, 1.5])
  })

  it('is whole or the one before after a power loss', async () => {
    const fs = await savedHeat()
    const heat = await loadHeat(fs, path, { now, halfLifeMs })
    heat.touch(1)
    const images: MemoryFileSystem[] = []
    fs.intercept(({ index }) => {
      images.push(fs.crash({ model: 'torn', seed: index }))
      return null
    })
    await saveHeat(fs, path, heat)
    fs.intercept(null)
    for (const image of images) {
      expect([3, 4]).toContain((await loadHeat(image, path, { now, halfLifeMs })).of(1))
    }
  })

  it('counts as none when any bit of it is wrong', async () => {
    const fs = await savedHeat()
    const { length } = await readWhole(fs, path)
    for (let offset = 0; offset < length; offset++) {
      // Reserved bytes are under the CRC too.
      await flip(fs, path, offset, 1 << (offset % 8))
      expect((await loadHeat(fs, path, { now, halfLifeMs })).entries.size).toBe(0)
      await flip(fs, path, offset, 1 << (offset % 8))
    }
    expect((await loadHeat(fs, path, { now, halfLifeMs })).entries.size).toBe(2)
  })
})
