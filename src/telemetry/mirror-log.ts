import type { MirrorEvent, MirrorListener } from '../platform/mirror/mirror-copies.ts'
import type { Log, LogLevel } from './log.ts'

type Line = readonly [level: Exclude<LogLevel, 'silent'>, message: string]

const mirrorLines = {
  'copy-lost': ['error', 'a directory of the mirror failed: the store goes on without it'],
  'refill-started': ['info', 'a directory of the mirror is being filled'],
  'refill-failed': ['warn', 'a directory of the mirror could not be filled; it is tried again'],
  refilled: ['info', 'a directory of the mirror is complete'],
  'copy-unreadable': ['warn', 'a file was read from another directory of the mirror'],
  'copy-repaired': ['warn', 'a part of a file was written anew from another directory'],
} as const satisfies Record<MirrorEvent['event'], Line>

/** Writes down what becomes of the copies of a mirror. */
export function mirrorLog(log: Log): MirrorListener {
  return ({ event, ...fields }) => {
    const [level, message] = mirrorLines[event]
    log[level](fields, message)
  }
}
