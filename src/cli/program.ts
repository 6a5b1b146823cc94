import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config/errors.ts'
import { VERSION } from '../config/version.ts'
import { configVerb } from './config.ts'
import { serveVerb } from './serve.ts'
import { StartupError } from './startup-error.ts'
import { versionVerb } from './version.ts'

/** Runs the verb named on the command line and resolves with the exit code of the process. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('varve')
    .description('An S3-compatible object store that keeps what it acknowledged.')
    .version(VERSION)
  for (const verb of [serveVerb(), configVerb(), versionVerb()]) program.addCommand(verb)
  for (const command of [program, ...program.commands]) command.exitOverride()
  try {
    await program.parseAsync(argv)
    return 0
  } catch (error) {
    return exitCodeOf(error)
  }
}

/** Says what a person can do something about; what nobody foresaw keeps its stack. */
function exitCodeOf(error: unknown): number {
  // Commander has said it already, and also ends by throwing when it printed the help.
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof ConfigError) {
    for (const problem of error.problems) complain(problem)
    return 1
  }
  if (error instanceof StartupError) {
    complain(error.message)
    return 1
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}

function complain(text: string): void {
  process.stderr.write(`varve: ${text}\n`)
}
