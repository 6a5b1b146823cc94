import { Command } from 'commander'
import { rebuildIndex } from '../maintenance/repair/rebuild-index.ts'
import type { ParsedFlags } from './settings-flags.ts'
import { addStoreFlags, print, printJson, storeGroundOf } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve rebuild-index`: has the index made anew from snapshot and journal. */
export function rebuildIndexVerb(): Command {
  return addStoreFlags(new Command('rebuild-index'))
    .description('Put the index aside and make it anew from snapshot and journal.')
    .option('--force', 'Go on though the journal is damaged.')
    .action(async (flags: ParsedFlags) => {
      const ground = await storeGroundOf(flags)
      const report = await rebuildIndex(ground, { force: flags['force'] === true })
      if (flags['json'] === true) printJson(report)
      else {
        const { sequence, rowCount, aside } = report
        print(`The index holds ${rowCount} rows, up to sequence ${sequence}: as the journal does.`)
        if (aside !== null) print(`The old index is in ${aside}.`)
        for (const { where, what } of report.findings) print(`damage     ${where}: ${what}`)
      }
      if (report.findings.length > 0) throw new VerbExit(exitCodes.findings)
    })
}
