import { expect, it } from 'vitest'
import { catalogLog, compactionLog, engineLog } from '../../src/telemetry/floor-log.ts'
import { capturedLog } from './captured-log.ts'

it('events of the engine become lines with a level and words', () => {
  const { log, lines } = capturedLog()
  const listen = engineLog(log)
  listen({ event: 'segment-sealed', segment: 7, dataSize: 100 })
  listen({ event: 'corruption-found', file: 'hot/00000007.seg', offset: 128, field: 'payload crc' })
  expect(lines).toMatchObject([
    { level: 'debug', segment: 7, dataSize: 100, msg: 'data segment sealed' },
    { level: 'error', file: 'hot/00000007.seg', offset: 128, field: 'payload crc' },
  ])
  expect(lines[1]).not.toHaveProperty('event')
})

it('events of the catalog become lines with a level and words', () => {
  const { log, lines } = capturedLog()
  const cause = Object.assign(new Error('fdatasync'), { code: 'EIO' })
  catalogLog(log)({ event: 'groupFailed', commitCount: 3, cause })
  expect(lines).toMatchObject([{ level: 'error', commitCount: 3, cause: { code: 'EIO' } }])
})

it('events of compaction become lines with a level and words', () => {
  const { log, lines } = capturedLog()
  const listen = compactionLog(log)
  listen({ event: 'segment-kept', segment: 7, reason: 'it has no source' })
  listen({ event: 'damaged-source', segment: 7, offset: 128, field: 'payload crc' })
  expect(lines).toMatchObject([
    { level: 'error', segment: 7, reason: 'it has no source' },
    { level: 'error', segment: 7, offset: 128, field: 'payload crc' },
  ])
})
