import { Command } from 'commander'
import { printConfig, printConfigAsJson } from '../config/print.ts'
import { addSettingFlags, loadSettings, type ParsedFlags, takeUnknown } from './settings-flags.ts'

/** `varve config`: the effective settings and where each came from. */
export function configVerb(): Command {
  return takeUnknown(addSettingFlags(new Command('config')))
    .description('Print the effective settings and where each came from; secrets are hidden.')
    .option('--json', 'Print JSON.')
    .action(async (flags: ParsedFlags, { args }: Command) => {
      const loaded = await loadSettings(flags, args)
      process.stdout.write(flags['json'] === true ? printConfigAsJson(loaded) : printConfig(loaded))
    })
}
