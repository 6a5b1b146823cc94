import { Command } from 'commander'
import {
  type CheckOptions,
  type CheckReport,
  checkStore,
} from '../maintenance/check/check-store.ts'
import { MaintenanceError } from '../maintenance/errors.ts'
import type { ParsedFlags } from './settings-flags.ts'
import { addStoreFlags, print, printJson, storeGroundOf } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve check`: looks at everything a store consists of and changes nothing. */
export function checkVerb(): Command {
  return addStoreFlags(new Command('check'))
    .description('Check a store, whether a server has it or not; changes nothing.')
    .option('--read-data', 'Read and verify every payload too.')
    .option('--read-data-subset <n/t>', 'Verify the payloads of every t-th segment, from the n-th.')
    .action(async (flags: ParsedFlags) => {
      const ground = await storeGroundOf(flags)
      const report = await checkStore(ground, { payloads: payloadsOf(flags) })
      if (flags['json'] === true) printJson(report)
      else print(...inWords(report))
      if (report.damageCount > 0) throw new VerbExit(exitCodes.findings)
    })
}

function payloadsOf(flags: ParsedFlags): CheckOptions['payloads'] {
  const subset = flags['readDataSubset']
  if (typeof subset !== 'string') return flags['readData'] === true ? 'all' : 'none'
  const [, part, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(subset)?.map(Number) ?? []
  if (part === undefined || of === undefined || part < 1 || part > of) {
    const message = `--read-data-subset is n/t with n from 1 to t, such as 1/7; not ${subset}`
    throw new MaintenanceError('invalid', message)
  }
  return { part, of }
}

function inWords(report: CheckReport): readonly string[] {
  const { rows, journal, segments, findings } = report
  const lines = [
    report.state === 'alone'
      ? 'No process has the store.'
      : 'A process has the store: this is how it was at one moment, without its index.',
    `journal    ${journal.commits} commits up to sequence ${journal.lastSequence}, ` +
      `${journal.snapshots} snapshots`,
    `index      ${report.isIndexChecked ? 'compared with the journal' : 'not looked at'}`,
    `rows       ${rows.buckets} buckets, ${rows.objects} objects, ` +
      `${rows.olderVersions} older versions, ${rows.uploads} uploads, ${rows.bytes} bytes`,
    `segments   ${segments.segments}, ${segments.records} records, ` +
      `${segments.storedBytes} bytes, of them verified ${segments.verifiedBytes}`,
  ]
  for (const { weight, kind, where, what } of findings) {
    lines.push(`${weight.padEnd(10)} ${kind}: ${where}: ${what}`)
  }
  const unlisted = report.damageCount + report.noteCount - findings.length
  if (unlisted > 0) lines.push(`and ${unlisted} more`)
  lines.push(
    report.damageCount === 0
      ? 'Clean: everything is as it was written.'
      : `${report.damageCount} findings of damage.`,
  )
  return lines
}
