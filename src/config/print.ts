import type { LoadedConfig } from './load.ts'
import { type SettingName, settingNames, settingOf } from './schema.ts'

const HIDDEN = '(hidden)'
const UNSET = '(not set)'

/** The effective settings as a table: name, value, where it came from. Secrets are not shown. */
export function printConfig(loaded: LoadedConfig): string {
  const rows = settingNames.map((name) => [name, shown(loaded, name), sourceOf(loaded, name)])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(([name = '', value = '', source = '']) =>
    [name.padEnd(widths[0] ?? 0), value.padEnd(widths[1] ?? 0), source].join('  '),
  )
  return `${lines.join('\n')}\n`
}

/** The same for programs: values as the config file takes them, secrets as null. */
export function printConfigAsJson(loaded: LoadedConfig): string {
  const rows = settingNames.map((name) => {
    const isSecret = settingOf(name).isSecret === true
    const { origin, spelling } = loaded.sources[name]
    return [name, { value: isSecret ? null : loaded.config[name], origin, spelling }] as const
  })
  return `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`
}

function shown({ config }: LoadedConfig, name: SettingName): string {
  const { kind, isSecret } = settingOf(name)
  const value = config[name]
  if (value === null) return UNSET
  if (isSecret === true) return HIDDEN
  return kind.format(value) || UNSET
}

function sourceOf({ sources }: LoadedConfig, name: SettingName): string {
  const { origin, spelling } = sources[name]
  return origin === 'default' ? 'default' : spelling
}
