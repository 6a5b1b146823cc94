import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/engine/errors.ts'
import { StoreError } from '../../src/store/errors.ts'
import { capturedLog } from './captured-log.ts'

describe('the log', () => {
  it('writes one JSON object a line, with time and level in words', () => {
    const { log, lines } = capturedLog()
    log.info({ bucket: 'one' }, 'made')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level: 'info', bucket: 'one', msg: 'made' })
    expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('leaves out what is below its level', () => {
    const { log, lines } = capturedLog('warn')
    log.debug({}, 'a')
    log.info({}, 'b')
    log.warn({}, 'c')
    log.error({}, 'd')
    expect(lines.map(({ msg }) => msg)).toEqual(['c', 'd'])
  })

  it('is silent when told to be', () => {
    const { log, lines } = capturedLog('silent')
    log.error({}, 'a')
    expect(lines).toEqual([])
  })

  it('tells what lies behind an error, down to the disk', () => {
    const { log, lines } = capturedLog()
    const disk = Object.assign(new Error('write failed'), { code: 'ENOSPC' })
    const engine = new EngineError('disk-full', 'no room', { cause: disk })
    log.error({ cause: new StoreError('disk-full', 'no room', {}, { cause: engine }) }, 'failed')
    expect(lines[0]?.['cause']).toMatchObject({
      name: 'StoreError',
      kind: 'disk-full',
      stack: expect.stringContaining('pino-log.test'),
      cause: { name: 'EngineError', cause: { message: 'write failed', code: 'ENOSPC' } },
    })
  })

  it('takes causes that are no errors, and errors that are their own cause', () => {
    const { log, lines } = capturedLog()
    const round = new Error('round')
    round.cause = round
    log.error({ cause: round }, 'a')
    log.error({ cause: 'text' }, 'b')
    log.error({ cause: null }, 'c')
    expect(lines.map(({ msg }) => msg)).toEqual(['a', 'b', 'c'])
    expect(lines[1]?.['cause']).toBe('text')
    expect(lines[2]).not.toHaveProperty('cause')
  })

  it('keeps to one line whatever a key holds', () => {
    const { log, lines } = capturedLog()
    log.info({ key: 'a\nb\u0000"\ud800' }, 'request')
    expect(String(lines[0]?.['key']).startsWith('a\nb\u0000"')).toBe(true)
  })
})
