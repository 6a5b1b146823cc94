import { describe, expect, it } from 'vitest'
import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import { everyKey } from '../../../src/catalog/kv/ordered-kv.ts'
import { checkStore } from '../../../src/maintenance/check/check-store.ts'
import { counterKey } from '../../../src/store/rows/keys.ts'
import type { Machine } from '../../simulation/machine.ts'
import { groundOf, makeBed } from '../store-bed.ts'

describe('check', () => {
  it('says that there is no store, and makes none', async () => {
    const { machine } = await makeBed('closed', { roundCount: 3 })
    await machine.fs.makeDirectory('/empty')
    const ground = { ...groundOf(machine), path: '/empty' }
    await expect(checkStore(ground, { payloads: 'none' })).rejects.toMatchObject({
      kind: 'unusable',
    })
    expect(await machine.fs.list('/empty')).toEqual([])
  })

  it('changes nothing on the disk', async () => {
    const { machine } = await makeBed('killed')
    const operations: string[] = []
    machine.fs.intercept(({ operation }) => {
      operations.push(operation)
      return null
    })
    await checkStore(groundOf(machine), { payloads: 'all' })
    const changes = ['write', 'truncate', 'create', 'rename', 'remove', 'makeDirectory']
    expect(operations.filter((operation) => changes.includes(operation))).toEqual([])
    expect(operations.length).toBeGreaterThan(50)
  })

  it('reports an index that differs from the journal in one row', async () => {
    const { machine } = await makeBed('closed')
    const ground = groundOf(machine)
    const spoilt = async (change: (kv: MemoryKv) => Promise<void>) => {
      const index = await ground.readIndex('')
      if (index === null) throw new Error('the bed has an index')
      const kv = new MemoryKv()
      await kv.apply([...index.range(everyKey)], index.position)
      await change(kv)
      const reading = {
        position: kv.position,
        range: kv.range.bind(kv),
        [Symbol.asyncDispose]: async () => {},
      }
      return checkStore({ ...ground, readIndex: async () => reading }, { payloads: 'none' })
    }
    const kinds = (report: Awaited<ReturnType<typeof spoilt>>) =>
      report.findings.filter(({ weight }) => weight === 'damage').map(({ kind }) => kind)
    expect(kinds(await spoilt(async () => {}))).toEqual([])
    const key = counterKey(1, 'objects')
    const value = Buffer.alloc(8, 7)
    expect(kinds(await spoilt((kv) => kv.apply([{ key, value }], null)))).toEqual(['index'])
    expect(kinds(await spoilt((kv) => kv.apply([{ key, value: null }], null)))).toEqual(['index'])
  })

  it('reads the payloads of a part of the segments, and of all in all parts', async () => {
    const { machine } = await makeBed('closed')
    const verified = async (payloads: Parameters<typeof checkStore>[1]['payloads']) =>
      (await checkStore(groundOf(machine), { payloads })).segments.verifiedBytes
    let sum = 0
    for (const part of [1, 2, 3]) sum += await verified({ part, of: 3 })
    expect(await verified('none')).toBe(0)
    expect(sum).toBe(await verified('all'))
  })

  it('looks at one moment of a store that a server has', async () => {
    const { machine } = await makeBed('killed')
    const lock = await machine.fs.lock(`${machine.directory}/lock`)
    const report = await checkStore(groundOf(machine), { payloads: 'all' })
    expect(report.state).toBe('serving')
    expect(report.isIndexChecked).toBe(false)
    expect(report.damageCount).toBe(0)
    await lock?.release()
    expect((await checkStore(groundOf(machine), { payloads: 'none' })).state).toBe('alone')
  })

  it('finds nothing wrong at any moment of a compaction', async () => {
    const { machine, state } = await makeBed('closed')
    const stack = await machine.open()
    for (const [bucket, { objects }] of state) {
      for (const key of [...objects.keys()].filter((_, index) => index % 2 === 0)) {
        await stack.store.deleteObject({ bucket, key, conditions: {} } as never)
      }
    }
    const moments: Machine[] = []
    machine.fs.intercept(({ operation }) => {
      const isChange = ['write', 'sync', 'remove', 'create'].includes(operation)
      if (isChange) moments.push(machine.crash({ model: 'keep-all' }))
      return null
    })
    await stack.compact()
    machine.fs.intercept(null)
    await stack.close()
    expect(moments.length).toBeGreaterThan(10)
    for (const [index, moment] of moments.entries()) {
      const { findings } = await checkStore(groundOf(moment), { payloads: 'all' })
      const damages = findings.filter(({ weight }) => weight === 'damage')
      expect(damages, `moment ${index} of ${moments.length}`).toEqual([])
    }
  })
})
