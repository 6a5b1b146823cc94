import type { Config } from '../config/schema.ts'
import { errnoOf } from '../platform/file-system.ts'

/** The server could not start. The message is one line for the person who can mend it. */
export class StartupError extends Error {
  override readonly name = 'StartupError'

  constructor(config: Config, cause: unknown) {
    super(inWords(config, cause), { cause })
  }
}

/** Errors of the floors say what they mean; those of the system are put into words here. */
function inWords(config: Config, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const errno = errnoOf(error)
  if (errno === null) return message
  const isListening = error instanceof Error && 'syscall' in error && error.syscall === 'listen'
  return isListening || errno === 'ENOTFOUND'
    ? `${listenProblem(errno, config)} (${errno})`
    : `${diskProblem(errno, config)} (${errno}): ${message}`
}

function listenProblem(errno: string, { host, port }: Config): string {
  switch (errno) {
    case 'EADDRINUSE':
      return `another process listens on ${host}:${port} already; choose another with --port`
    case 'EACCES':
      return `this user must not listen on port ${port}; choose one above 1023 with --port`
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine; choose another with --host`
    case 'ENOTFOUND':
      return `${host} is no known host; choose another with --host`
    default:
      return `cannot listen on ${host}:${port}`
  }
}

function diskProblem(errno: string, { dataDir }: Config): string {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return `this user must not write in the data directory ${dataDir}`
    case 'EROFS':
      return `the data directory ${dataDir} is on a read-only file system`
    case 'ENOSPC':
    case 'EDQUOT':
      return `no room is left for the data directory ${dataDir}`
    case 'ENOTDIR':
    case 'EEXIST':
      return `the data directory ${dataDir} is not a directory`
    default:
      return `the data directory ${dataDir} cannot be used`
  }
}
