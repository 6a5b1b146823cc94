import { isAbsolute, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { type BackupReport, backupStore } from '../maintenance/backup/backup-store.ts'
import { openTarget } from '../maintenance/backup/open-target.ts'
import { pruneBackups } from '../maintenance/backup/prune-backups.ts'
import { MaintenanceError } from '../maintenance/errors.ts'
import type { ParsedFlags } from './settings-flags.ts'
import { addStoreFlags, print, printJson, regionOfTarget, storeGroundOf } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve backup`: a consistent copy, whether a server has the store or not. */
export function backupVerb(): Command {
  return addStoreFlags(new Command('backup'))
    .description('Back a store up, whether a server has it or not; copies only what is new.')
    .argument('<target>', 'A directory on another disk, or s3://bucket/prefix.')
    .option('--keep <count>', 'Remove all but so many of the newest backups afterwards.')
    .action(async (place: string, flags: ParsedFlags) => {
      const keep = keepOf(flags)
      const ground = await storeGroundOf(flags)
      requireApart(place, ground.path)
      await using target = await openTarget(ground.fileSystem, {
        place,
        mode: 'create',
        region: regionOfTarget(),
      })
      const report = await backupStore(ground, target)
      const pruned = keep === null ? null : await pruneBackups(target, { keep })
      if (flags['json'] === true) printJson({ ...report, ...(pruned ?? {}) })
      else print(...inWords(report, place))
      if (report.damages.length > 0) throw new VerbExit(exitCodes.findings)
    })
}

/** What dies with the data is no copy of it. */
function requireApart(place: string, dataDir: string): void {
  const inside = relative(resolve(dataDir), resolve(place))
  if (place.startsWith('s3://') || inside.startsWith('..') || isAbsolute(inside)) return
  throw new MaintenanceError('invalid', `${place} lies in the data directory: choose another disk`)
}

function keepOf(flags: ParsedFlags): number | null {
  if (flags['keep'] === undefined) return null
  const keep = Number(flags['keep'])
  if (Number.isSafeInteger(keep) && keep > 0) return keep
  throw new MaintenanceError('invalid', `--keep is a number from 1, not ${String(flags['keep'])}`)
}

function inWords(report: BackupReport, place: string): readonly string[] {
  const lines = [
    `Backup ${report.id} in ${place} holds everything up to commit ${report.sequence}:`,
    `${report.fileCount} files of ${report.size} bytes, of them new ` +
      `${report.copiedFileCount} of ${report.copiedSize} bytes.`,
  ]
  if (report.state === 'serving') lines.push('A process had the store: this is one moment of it.')
  for (const damage of report.damages) lines.push(`damage     ${damage}: copied as it is`)
  return lines
}
