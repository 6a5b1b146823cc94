import { CONFIG_PATH_ENV, CONFIG_PATH_FLAG, DEFAULT_CONFIG_PATH } from './load.ts'
import { envNameOf, flagOf, type SettingName, settingNames, settingOf } from './schema.ts'

/** docs/configuration.md, made from the table so that the two cannot differ. */
export function configurationDocument(): string {
  return `# Configuration

Made from \`src/config/schema.ts\`; a test keeps it current.

Every setting can be given as a flag of \`varve serve\`, as an environment variable, or in a config
file. A flag wins over the environment, the environment over the file, the file over the default.
\`varve config\` prints the effective values and where each came from, with secrets hidden.

The config file is a JSON object whose keys are the names below:
\`{ "port": 9100, "buckets": ["photos"], "segmentSizeMax": "128MiB" }\`. It is the file that
\`${CONFIG_PATH_FLAG}\` or \`${CONFIG_PATH_ENV}\` names, or else \`${DEFAULT_CONFIG_PATH}\` in the working
directory, if there is one. Relative paths are taken from the working directory.

Unknown names are refused, also unknown variables that begin with \`VARVE_\` (those that Kubernetes
makes for a service called \`varve\` are passed over). An empty variable counts as not set. What is
wrong is reported all at once, before anything is started.

| Setting | Flag | Variable | Default | |
|---|---|---|---|---|
${settingNames.map(row).join('\n')}
`
}

function row(name: SettingName): string {
  const { kind, unit, sentence, isSecret } = settingOf(name)
  const flag = flagOf(name)
  const value = kind.format(settingOf(name).default)
  const expects = `${capitalised(kind.expects)}${unit === undefined ? '' : ` (${unit})`}.`
  const cells = [
    code(name),
    flag === null ? '' : code(flag),
    code(envNameOf(name)),
    value === '' ? '' : code(value),
    `${sentence} ${expects}${isSecret === true ? ' Secret.' : ''}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function code(text: string): string {
  return `\`${text}\``
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
