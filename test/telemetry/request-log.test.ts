import { describe, expect, it } from 'vitest'
import type { RequestEvent } from '../../src/s3/events.ts'
import { StoreError } from '../../src/store/errors.ts'
import { requestLog } from '../../src/telemetry/request-log.ts'
import { capturedLog } from './captured-log.ts'

const put: RequestEvent = {
  requestId: '1A2B',
  operation: 'PutObject',
  method: 'PUT',
  rawPath: '/photos/a%20b',
  bucket: 'photos',
  key: 'a b',
  principal: { kind: 'root', accessKey: 'ROOT' },
  status: 200,
  errorCode: null,
  cause: null,
  remoteAddress: '127.0.0.1',
  userAgent: 'aws-cli/2',
  bytesReceived: 5,
  bytesSent: 0,
  durationMs: 1.23456,
  isComplete: true,
}

function lineOf(event: Partial<RequestEvent>): Readonly<Record<string, unknown>> {
  const { log, lines } = capturedLog()
  requestLog(log)({ ...put, ...event })
  expect(lines).toHaveLength(1)
  return lines[0] ?? {}
}

describe('the line of a request', () => {
  it('says who did what to which object, and what came of it', () => {
    const { time, ...line } = lineOf({})
    expect(time).toBeTypeOf('string')
    expect(line).toEqual({
      level: 'info',
      requestId: '1A2B',
      operation: 'PutObject',
      method: 'PUT',
      path: '/photos/a%20b',
      bucket: 'photos',
      key: 'a b',
      status: 200,
      bytesIn: 5,
      bytesOut: 0,
      durationMs: 1.235,
      accessKey: 'ROOT',
      remoteAddress: '127.0.0.1',
      userAgent: 'aws-cli/2',
      msg: 'request',
    })
  })

  it('leaves out what is not known', () => {
    const line = lineOf({
      operation: null,
      bucket: null,
      key: null,
      principal: null,
      userAgent: null,
      status: 403,
      errorCode: 'AccessDenied',
    })
    expect(line).toMatchObject({ level: 'info', status: 403, errorCode: 'AccessDenied' })
    for (const name of ['operation', 'bucket', 'key', 'accessKey', 'userAgent', 'cause']) {
      expect(line).not.toHaveProperty(name)
    }
  })

  it.each([
    ['info', 'a client that went away', { status: 0, isComplete: false }],
    ['info', 'what the client did wrong', { status: 404, errorCode: 'NoSuchKey' }],
    ['warn', 'too much to do', { status: 503, errorCode: 'SlowDown' }],
    ['warn', 'a full disk', { status: 507, errorCode: 'InsufficientStorage' }],
    ['error', 'a failure inside', { status: 500, errorCode: 'InternalError' }],
    [
      'error',
      'a body that turned out damaged on its way out',
      { status: 200, isComplete: false, cause: new StoreError('corruption') },
    ],
    [
      'info',
      'a download that was broken off',
      { status: 200, isComplete: false, cause: new Error('gone') },
    ],
  ] as const)('is of level %s for %s', (level, _name, event) => {
    expect(lineOf(event)['level']).toBe(level)
  })

  it('names the cause when it is ours', () => {
    const line = lineOf({ status: 500, cause: new StoreError('corruption', 'at 7') })
    expect(line['cause']).toMatchObject({ name: 'StoreError', message: 'at 7' })
  })
})
