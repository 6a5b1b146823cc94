import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino'
import type { Log, LogLevel } from './log.ts'

const STANDARD_ERROR = 2
/**
 * Lines that whoever reads the stream does not take wait in memory up to this size; beyond it they
 * are dropped and counted, because a stuck log reader must not stop a store, or eat its memory.
 */
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024
/** Longest message and stack kept of an error. */
const CAUSE_DEPTH_MAX = 5

/** Where lines go, in place of standard error. For tests. */
export interface LogTarget extends DestinationStream {
  flushSync?(): void
}

/** A log of JSON lines on standard error: standard output is left to words for people. */
export function openLog(level: LogLevel, target: LogTarget = standardError()): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { cause: describeCause },
    },
    target,
  )
  const log: Log = {
    error: (fields, message) => logger.error(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    info: (fields, message) => logger.info(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    flush: () => target.flushSync?.(),
  }
  return log
}

/** Written in the background, so that no request waits for the terminal. */
function standardError(): LogTarget {
  const stream = destination({
    dest: STANDARD_ERROR,
    sync: false,
    maxLength: BUFFERED_BYTES_MAX,
  })
  // Nobody reads any more (EPIPE): there is nobody to tell, and the store goes on.
  stream.on('error', () => {})
  return {
    write: (line) => stream.write(line),
    flushSync() {
      try {
        stream.flushSync()
      } catch {
        // Not open yet, or the reader is gone.
      }
    },
  }
}

/** Names, messages and codes of an error and what lies behind it; the stack of the first. */
function describeCause(cause: unknown, depth = 0): unknown {
  if (!(cause instanceof Error)) return cause === null ? undefined : String(cause)
  const code = 'code' in cause ? cause.code : undefined
  const kind = 'kind' in cause ? cause.kind : undefined
  return {
    name: cause.name,
    message: cause.message,
    ...(code !== undefined && { code }),
    ...(kind !== undefined && { kind }),
    ...(depth === 0 && { stack: cause.stack }),
    ...(cause.cause !== undefined &&
      depth < CAUSE_DEPTH_MAX && { cause: describeCause(cause.cause, depth + 1) }),
  }
}
