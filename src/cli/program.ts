import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config/errors.ts'
import { VERSION } from '../config/version.ts'
import { errnoOf } from '../platform/file-system.ts'
import { backupVerb } from './backup.ts'
import { checkVerb } from './check.ts'
import { configVerb } from './config.ts'
import { inspectVerb } from './inspect.ts'
import { oneLine } from './one-line.ts'
import { rebuildIndexVerb } from './rebuild-index.ts'
import { repairVerb } from './repair.ts'
import { restoreVerb } from './restore.ts'
import { serveVerb } from './serve.ts'
import { StartupError } from './startup-error.ts'
import { exitCodes, maintenanceExitCode, VerbExit } from './verb-exit.ts'
import { versionVerb } from './version.ts'

/** Runs the verb named on the command line and resolves with the exit code of the process. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('varve')
    .description('An S3-compatible object store that keeps what it acknowledged.')
    .version(VERSION)
  const verbs = [
    serveVerb(),
    configVerb(),
    checkVerb(),
    repairVerb(),
    rebuildIndexVerb(),
    inspectVerb(),
    backupVerb(),
    restoreVerb(),
    versionVerb(),
  ]
  for (const verb of verbs) program.addCommand(verb)
  letErrorsThrough(program)
  try {
    await program.parseAsync(argv)
    return 0
  } catch (error) {
    return exitCodeOf(error)
  }
}

/** Instead of ending the process where they are met. */
function letErrorsThrough(command: Command): void {
  command.exitOverride()
  for (const each of command.commands) letErrorsThrough(each)
}

/** Says what a person can do something about; what nobody foresaw keeps its stack. */
function exitCodeOf(error: unknown): number {
  // Commander has said it already, and also ends by throwing when it printed the help.
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof VerbExit) return error.code
  const maintenanceCode = maintenanceExitCode(error)
  if (maintenanceCode !== null && error instanceof Error) {
    complain(error.message)
    return maintenanceCode
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) complain(problem)
    return 1
  }
  if (error instanceof StartupError) {
    complain(error.message)
    return 1
  }
  // Of the system, or of a bucket that does not answer: its message says which file or place.
  if (error instanceof Error && errnoOf(error) !== null) {
    complain(error.message)
    return exitCodes.failed
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}

function complain(text: string): void {
  process.stderr.write(`varve: ${oneLine(text)}\n`)
}
