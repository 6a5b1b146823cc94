import { Command } from 'commander'
import { type RepairReport, repairStore } from '../maintenance/repair/repair-store.ts'
import { loadSettings, type ParsedFlags } from './settings-flags.ts'
import { addStoreFlags, print, printJson, storeGroundOf } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve repair`: makes a damaged store whole again, as far as that goes. */
export function repairVerb(): Command {
  return addStoreFlags(new Command('repair'))
    .description('Say what would make a damaged store whole again; with --apply, do it.')
    .option('--apply', 'Write it. Without it nothing is changed.')
    .action(async (flags: ParsedFlags) => {
      const ground = await storeGroundOf(flags)
      const { region } = (await loadSettings(flags)).config
      const report = await repairStore(ground, { apply: flags['apply'] === true, region })
      if (flags['json'] === true) printJson(report)
      else print(...inWords(report))
      if (report.after.damageCount > 0) throw new VerbExit(exitCodes.findings)
    })
}

function inWords({ isApplied, isLossy, actions, after }: RepairReport): readonly string[] {
  const lines = actions.map(({ action, what, why }) => `${action.padEnd(10)} ${what}: ${why}`)
  if (isLossy) {
    lines.unshift(
      'Commits of the journal are missing: small objects among them are gone, large ones come',
      'back from what lies beside their bytes, those too that were deleted.',
    )
  }
  const verb = isApplied ? 'were' : 'would be'
  lines.push(
    actions.length === 0 ? 'There is nothing to do.' : `${actions.length} things ${verb} done.`,
  )
  for (const { weight, where, what } of after.findings) {
    if (weight === 'damage')
      lines.push(`${isApplied ? 'is left' : 'would be left'}: ${where}: ${what}`)
  }
  if (!isApplied && actions.length > 0) lines.push('Nothing was changed: do it with --apply.')
  return lines
}
