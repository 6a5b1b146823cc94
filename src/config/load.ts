/**
 * Puts the settings together: flags before environment before config file before defaults.
 * Everything that is wrong is found before anything is refused.
 */
import { agreements } from './agreements.ts'
import { closestName } from './closest-name.ts'
import { type Environment, isServiceLink } from './environment.ts'
import { ConfigError } from './errors.ts'
import {
  type Config,
  envNameOf,
  flagOf,
  type SettingName,
  settingNames,
  settingOf,
} from './schema.ts'

export const CONFIG_PATH_ENV = 'VARVE_CONFIG'
export const CONFIG_PATH_FLAG = '--config'
/** Read from the working directory when no other file is named. */
export const DEFAULT_CONFIG_PATH = 'varve.config.json'

export interface LoadInput {
  /** Flags as given, by setting name; `configPath` is the value of --config. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>
  /** What else stood on the command line, without values. */
  readonly unknownFlags?: readonly string[]
  readonly configPath: string | null
  readonly environment: Environment
  /** The text of a file, or null when there is none. */
  readonly readText: (path: string) => Promise<string | null>
}

export type Origin = 'flag' | 'environment' | 'file' | 'default'

/** Where an effective value came from. */
export interface Source {
  readonly origin: Origin
  /** The flag, variable or key as the user spells it; the setting's name for a default. */
  readonly spelling: string
}

export interface LoadedConfig {
  readonly config: Config
  readonly sources: Readonly<Record<SettingName, Source>>
}

/** A value before it is checked. */
interface Given extends Source {
  readonly name: SettingName
  readonly input: unknown
}

/** @throws ConfigError with every problem there is */
export async function loadConfig(input: LoadInput): Promise<LoadedConfig> {
  const problems: string[] = []
  // From the weakest source to the strongest: a later value replaces an earlier one, but every
  // value is checked, so that a wrong one does not hide until the stronger one is taken away.
  const given = [
    ...(await fromFile(input, problems)),
    ...fromEnvironment(input.environment, problems),
    ...fromFlags(input, problems),
  ]
  const values: Record<string, unknown> = {}
  const sources: Record<string, Source> = {}
  for (const name of settingNames) {
    values[name] = settingOf(name).default
    sources[name] = { origin: 'default', spelling: name }
  }
  const wrong = new Set<SettingName>()
  for (const { name, input: raw, origin, spelling } of given) {
    const value = settingOf(name).kind.parse(raw)
    if (value === undefined) {
      problems.push(wrongValue({ name, input: raw, spelling }))
      wrong.add(name)
      continue
    }
    values[name] = value
    sources[name] = { origin, spelling }
  }
  const config = Object.freeze(values) as Config
  problems.push(...disagreements(config, wrong))
  if (problems.length > 0) throw new ConfigError(problems)
  return { config, sources: sources as Record<SettingName, Source> }
}

/**
 * Settings given by a program: checked as all others are, and defaults for the rest. Undefined
 * counts as not given.
 *
 * @throws ConfigError with every problem there is
 */
export function configFrom(given: Readonly<Partial<Record<SettingName, unknown>>>): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  const wrong = new Set<SettingName>()
  for (const name of settingNames) {
    const row = settingOf(name)
    const input = given[name] ?? row.default
    const value = input === row.default ? input : row.kind.parse(input)
    if (value === undefined) {
      problems.push(wrongValue({ name, input, spelling: name }))
      wrong.add(name)
    }
    values[name] = value
  }
  const config = Object.freeze(values) as Config
  problems.push(...disagreements(config, wrong))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function disagreements(config: Config, wrong: ReadonlySet<SettingName>): readonly string[] {
  return agreements
    .filter(({ between, holds }) => !between.some((name) => wrong.has(name)) && !holds(config))
    .map(({ message }) => message)
}

function wrongValue({ name, input, spelling }: Omit<Given, 'origin'>): string {
  const { kind, sentence, isSecret } = settingOf(name)
  const value = isSecret === true ? '(hidden)' : JSON.stringify(input)
  return `${spelling}: expected ${kind.expects}, not ${value}. ${sentence}`
}

function fromFlags(
  { flags, unknownFlags = [] }: Pick<LoadInput, 'flags' | 'unknownFlags'>,
  problems: string[],
): readonly Given[] {
  const known = settingNames.flatMap((name) => flagOf(name) ?? [])
  problems.push(...unknownFlags.map((spelling) => unknown(spelling, known)))
  return settingNames.flatMap((name): Given[] => {
    const input = flags[name]
    if (input === undefined) return []
    return [{ name, input, origin: 'flag', spelling: flagOf(name) ?? name }]
  })
}

/** An empty variable counts as not set: that is how compose files pass on what nobody set. */
function fromEnvironment(environment: Environment, problems: string[]): readonly Given[] {
  const byEnvName = new Map(settingNames.map((name) => [envNameOf(name), name]))
  const given: Given[] = []
  for (const [spelling, input] of Object.entries(environment)) {
    if (!spelling.startsWith('VARVE_') || spelling === CONFIG_PATH_ENV) continue
    if (input === undefined || input === '' || isServiceLink(spelling, input)) continue
    const name = byEnvName.get(spelling)
    if (name === undefined) problems.push(unknown(spelling, [...byEnvName.keys()]))
    else given.push({ name, input, origin: 'environment', spelling })
  }
  return given
}

async function fromFile(input: LoadInput, problems: string[]): Promise<readonly Given[]> {
  const named = input.configPath ?? (input.environment[CONFIG_PATH_ENV] || null)
  const path = named ?? DEFAULT_CONFIG_PATH
  let text: string | null
  try {
    text = await input.readText(path)
  } catch (cause) {
    problems.push(`${path}: cannot be read: ${messageOf(cause)}`)
    return []
  }
  if (text === null) {
    if (named !== null) problems.push(`${path}: there is no such config file`)
    return []
  }
  const document = parseObject(text)
  if (typeof document === 'string') {
    problems.push(`${path}: ${document}`)
    return []
  }
  return Object.entries(document).flatMap(([key, value]): Given[] => {
    const name = settingNames.find((each) => each === key)
    const spelling = `${path}: ${key}`
    if (name !== undefined) return [{ name, input: value, origin: 'file', spelling }]
    problems.push(`${path}: ${unknown(key, settingNames)}`)
    return []
  })
}

/** The object, or what is wrong with the text. */
function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
    return 'expected a JSON object of settings'
  } catch (cause) {
    // Without what JSON.parse quotes of the text: it may be a piece of a secret.
    return `is not JSON: ${messageOf(cause).replace(/, .*/s, '')}`
  }
}

function unknown(spelling: string, candidates: readonly string[]): string {
  const closest = closestName(spelling, candidates)
  const hint = closest === null ? '' : `; did you mean ${closest}?`
  return `${spelling}: there is no such setting${hint}`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
