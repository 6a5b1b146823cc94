import type { Command } from 'commander'
import { diskGround } from '../compose/ground.ts'
import { maintenanceGround } from '../compose/maintenance-ground.ts'
import { processEnvironment } from '../config/environment.ts'
import type { StoreGround } from '../maintenance/store-ground.ts'
import { errnoOf } from '../platform/file-system.ts'
import { oneLine, safeJson } from './one-line.ts'
import { addSettingFlags, loadSettings, type ParsedFlags } from './settings-flags.ts'
import { exitCodes } from './verb-exit.ts'

/** Settings a verb that looks after a store understands: where the store is. */
const PLACE_SETTINGS = [
  'dataDir',
  'mirrorDirs',
  'mirrorLost',
  'warmDir',
  'coldDir',
  'coldBucket',
  'coldEndpoint',
  'coldPrefix',
  'coldRegion',
  'coldAccessKey',
] as const

/** Gives a verb the flags that say where the store is, and `--json`. */
export function addStoreFlags(command: Command): Command {
  return addSettingFlags(command, PLACE_SETTINGS).option('--json', 'Print JSON.')
}

/** The store the flags, the environment and the config file speak of. */
export async function storeGroundOf(flags: ParsedFlags): Promise<StoreGround> {
  process.stdout.once('error', endWithReader)
  const { config } = await loadSettings(flags)
  return maintenanceGround(config, await diskGround())
}

/** Whoever reads may have read enough, as in `varve inspect … | head`. What changes has been done. */
function endWithReader(error: Error): void {
  if (errnoOf(error) === 'EPIPE') process.exit(exitCodes.clean)
  throw error
}

/** Of a bucket that backups are kept in: as the AWS tools are told it. */
export function regionOfTarget(): string {
  const { AWS_REGION, AWS_DEFAULT_REGION } = processEnvironment()
  return AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1'
}

/** Each of the lines is one on the terminal, whatever is in it. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.map(oneLine).join('\n')}\n`)
}

export function printJson(value: unknown, indent = 2): void {
  process.stdout.write(`${safeJson(JSON.stringify(value, null, indent))}\n`)
}
