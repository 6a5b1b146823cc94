import { expect, it } from 'vitest'
import { conditionsOf, Readiness } from '../../src/compose/readiness.ts'

it('is not ready before the start is over, and says how far it is', () => {
  const readiness = new Readiness()
  expect(readiness.notReady()).toBe('starting')
  readiness.phase = 'starting: reading the journal'
  expect(readiness.notReady()).toBe('starting: reading the journal')
  readiness.phase = null
  expect(readiness.notReady()).toBeNull()
})

it('asks its sources anew each time', () => {
  const readiness = new Readiness()
  readiness.phase = null
  const probe = { problem: null as string | null }
  const room = { isShort: false, reserveSize: 1000 }
  const segments = { findings: [] as { file: string }[] }
  readiness.watch(() => conditionsOf({ probe, room, segments }))
  expect([readiness.notReady(), readiness.degraded()]).toEqual([null, []])
  probe.problem = 'the catalog cannot write'
  room.isShort = true
  expect(readiness.notReady()).toBe('the catalog cannot write')
  expect(readiness.degraded()).toHaveLength(1)
  probe.problem = null
  room.isShort = false
  for (let id = 1; id <= 7; id++) segments.findings.push({ file: `/data/hot/0000000${id}.seg` })
  expect(readiness.notReady()).toBeNull()
  expect(readiness.degraded()).toEqual([
    'damaged or missing: hot/00000001.seg, hot/00000002.seg, hot/00000003.seg, ' +
      'hot/00000004.seg, hot/00000005.seg and 2 more',
  ])
})

it('remembers remarks once each, and not without end', () => {
  const readiness = new Readiness()
  expect(readiness.remarkCount).toBe(0)
  for (let index = 0; index < 100; index++) readiness.remark(`remark ${index % 50}`)
  expect(readiness.remarkCount).toBe(20)
  expect(new Set(readiness.degraded()).size).toBe(readiness.degraded().length)
  expect(readiness.degraded().length).toBeLessThan(50)
})
