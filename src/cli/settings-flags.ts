import { type Command, Option } from 'commander'
import { processEnvironment } from '../config/environment.ts'
import { CONFIG_PATH_FLAG, type LoadedConfig, loadConfig } from '../config/load.ts'
import { flagOf, type SettingName, settingNames, settingOf } from '../config/schema.ts'
import { readFile } from '../platform/atomic-file.ts'
import { NodeFileSystem } from '../platform/node-fs.ts'

/** What commander makes of the flags: by its own spelling of their names. */
export type ParsedFlags = Readonly<Record<string, unknown>>

/** Gives a verb a flag for every setting, or these, that may have one. */
export function addSettingFlags(
  command: Command,
  names: readonly SettingName[] = settingNames,
): Command {
  command.option(`${CONFIG_PATH_FLAG} <path>`, 'Config file, in JSON.')
  for (const name of names) {
    const option = optionOf(name)
    if (option !== null) command.addOption(option)
  }
  return command
}

/**
 * Lets a verb take what it does not know, for `loadSettings` to report with all else that is wrong:
 * commander would stop at the first.
 */
export function takeUnknown(command: Command): Command {
  return command.allowUnknownOption().allowExcessArguments()
}

/**
 * The settings from flags, environment and config file.
 *
 * @param rest what stood on the command line besides known flags
 * @throws ConfigError
 */
export async function loadSettings(
  parsed: ParsedFlags,
  rest: readonly string[] = [],
): Promise<LoadedConfig> {
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of settingNames) {
    const value = parsed[optionOf(name)?.attributeName() ?? '']
    if (typeof value === 'string') flags[name] = value
  }
  const fileSystem = new NodeFileSystem()
  return loadConfig({
    flags,
    unknownFlags: unknownIn(rest),
    configPath: typeof parsed['config'] === 'string' ? parsed['config'] : null,
    environment: processEnvironment(),
    readText: async (path) => (await readFile(fileSystem, path))?.toString('utf8') ?? null,
  })
}

/** Flags without their values, which may be secrets, and words that belong to no flag. */
function unknownIn(rest: readonly string[]): readonly string[] {
  return rest
    .filter((word, index) => word.startsWith('-') || !rest[index - 1]?.startsWith('-'))
    .map((word) => (word.startsWith('-') ? word.replace(/=.*/s, '') : word))
}

/** The default is told, not set: commander must not take it for something that was given. */
function optionOf(name: SettingName): Option | null {
  const flag = flagOf(name)
  if (flag === null) return null
  const { sentence, kind, default: value } = settingOf(name)
  const text = kind.format(value)
  return new Option(`${flag} <value>`, text === '' ? sentence : `${sentence} (default: ${text})`)
}
