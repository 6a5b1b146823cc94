import type { LogLevel } from '../../src/telemetry/log.ts'
import { openLog } from '../../src/telemetry/pino-log.ts'

/** A real log whose lines are kept, parsed. */
export function capturedLog(level: LogLevel = 'debug') {
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = openLog(level, { write: (line) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}
