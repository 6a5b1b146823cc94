import { Command } from 'commander'
import { MaintenanceError } from '../maintenance/errors.ts'
import { findSegment } from '../maintenance/inspect/find-segment.ts'
import { inspectJournal } from '../maintenance/inspect/inspect-journal.ts'
import { inspectObject } from '../maintenance/inspect/inspect-object.ts'
import { inspectSegmentFile } from '../maintenance/inspect/inspect-segment.ts'
import type { Item, Plain, PlainFields } from '../maintenance/inspect/plain.ts'
import type { ParsedFlags } from './settings-flags.ts'
import { addStoreFlags, print, printJson, storeGroundOf } from './store-verb.ts'
import { exitCodes, VerbExit } from './verb-exit.ts'

/** `varve inspect`: what lies on disk, in words. */
export function inspectVerb(): Command {
  const inspect = new Command('inspect').description('Print what lies on disk, in words.')
  inspect.addCommand(
    addStoreFlags(new Command('segment'))
      .description('One segment or snapshot file, from its header to its trailer.')
      .argument('<id|path>', 'Segment id in hexadecimal digits, or a path.')
      .action(async (name: string, flags: ParsedFlags) => {
        const ground = await storeGroundOf(flags)
        const { path, id } = await findSegment(ground, name)
        const { fileSystem, pageCodec } = ground
        await tell(inspectSegmentFile({ fileSystem, path, id, pageCodec }), flags)
      }),
  )
  inspect.addCommand(
    addStoreFlags(new Command('journal'))
      .description('The commits of the journal, with their rows.')
      .option('--since <sequence>', 'First commit.', '1')
      .option('--until <sequence>', 'Last commit.', String(Number.MAX_SAFE_INTEGER))
      .action(async (flags: ParsedFlags) => {
        const since = sequenceOf(flags, 'since')
        const until = sequenceOf(flags, 'until')
        await tell(inspectJournal(await storeGroundOf(flags), { since, until }), flags)
      }),
  )
  inspect.addCommand(
    addStoreFlags(new Command('object'))
      .description('An object, from its key to the records that hold its bytes.')
      .argument('<bucket>')
      .argument('<key>')
      .action(async (bucket: string, key: string, flags: ParsedFlags) => {
        await tell(inspectObject(await storeGroundOf(flags), { bucket, key }), flags)
      }),
  )
  return inspect
}

function sequenceOf(flags: ParsedFlags, name: 'since' | 'until'): number {
  const value = Number(flags[name])
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new MaintenanceError('invalid', `--${name} is a sequence, not ${String(flags[name])}`)
}

/** One line of JSON, or a few of words, for each thing there is; and whether all verifies. */
async function tell(items: AsyncIterable<Item>, flags: ParsedFlags): Promise<void> {
  let [count, damageCount] = [0, 0]
  for await (const item of items) {
    count += 1
    if (item.damage !== null) damageCount += 1
    if (flags['json'] === true) printJson(item, 0)
    else print(...inWords(item))
  }
  if (count === 0) throw new MaintenanceError('unusable', 'there is nothing of this name')
  if (damageCount > 0) throw new VerbExit(exitCodes.findings)
}

function inWords({ what, offset, fields, damage }: Item): readonly string[] {
  const place = offset === null ? '' : `  at ${offset}`
  const head = damage === null ? `${what}${place}` : `${what}${place}  DOES NOT VERIFY: ${damage}`
  return [head, ...linesOf(fields, '  ')]
}

/** Short values side by side, everything else on lines of its own. */
function linesOf(fields: PlainFields, indent: string): string[] {
  const short: string[] = []
  const long: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (isList(value)) {
      if (value.length > 0) long.push(`${indent}${name}`)
      for (const each of value) {
        if (isFields(each)) long.push(`${indent}  -`, ...linesOf(each, `${indent}    `))
        else long.push(`${indent}  ${String(each)}`)
      }
    } else if (isFields(value)) long.push(`${indent}${name}`, ...linesOf(value, `${indent}  `))
    else short.push(`${name} ${String(value)}`)
  }
  return short.length === 0 ? long : [`${indent}${short.join(', ')}`, ...long]
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

function isFields(value: Plain): value is PlainFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
