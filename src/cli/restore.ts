import { Command } from 'commander'
import { diskGround } from '../compose/ground.ts'
import { groundOfDirectory } from '../compose/maintenance-ground.ts'
import { type DrillReport, drillBackup, isWhole } from '../maintenance/backup/drill.ts'
import { openTarget } from '../maintenance/backup/open-target.ts'
import { restoreStore } from '../maintenance/backup/restore-store.ts'
import { NodeFileSystem } from '../platform/node-fs.ts'
import { addSettingFlags, loadSettings, type ParsedFlags } from './settings-flags.ts'
import { print, printJson, regionOfTarget } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve restore`: brings a backup back, or finds out whether it could. */
export function restoreVerb(): Command {
  return addSettingFlags(new Command('restore'), ['dataDir'])
    .description('Bring a backup back into an empty directory.')
    .argument('<from>', 'The directory, or s3://bucket/prefix, that was backed up to.')
    .option('--id <id>', 'Of the backup; the newest one unless given.')
    .option('--verify', 'Restore nothing: read and check everything a restore would bring back.')
    .option('--json', 'Print JSON.')
    .action(async (place: string, flags: ParsedFlags) => {
      const { config } = await loadSettings(flags)
      const path = config.dataDir
      const fileSystem = new NodeFileSystem()
      const id = typeof flags['id'] === 'string' ? flags['id'] : null
      await using target = await openTarget(fileSystem, {
        place,
        mode: 'existing',
        region: regionOfTarget(),
      })
      if (flags['verify'] === true) {
        const ground = groundOfDirectory(path, await diskGround())
        tell(await drillBackup(target, ground, { id }), flags)
        return
      }
      const report = await restoreStore(target, { id, fileSystem, path })
      if (flags['json'] === true) printJson(report)
      else {
        print(
          `Backup ${report.id} is in ${path}: ${report.fileCount} files of ${report.size} bytes, ` +
            `everything up to commit ${report.sequence}. Start it with varve serve --data ${path}.`,
        )
      }
    })
}

function tell(report: DrillReport, flags: ParsedFlags): void {
  const whole = isWhole(report)
  if (flags['json'] === true) printJson({ ...report, isWhole: whole })
  else {
    const { check, damagedFiles, id, sequence } = report
    for (const file of damagedFiles) print(`damage     ${file}`)
    for (const { weight, where, what } of check.findings) {
      print(`${weight.padEnd(10)} ${where}: ${what}`)
    }
    const { objects, olderVersions, bytes } = check.rows
    print(
      whole
        ? `Backup ${id} is whole: ${objects} objects and ${olderVersions} older versions of ` +
            `${bytes} bytes, everything up to commit ${sequence}, every byte read.`
        : `Backup ${id} is damaged.`,
    )
  }
  if (!whole) throw new VerbExit(exitCodes.findings)
}
