/**
 * `npm run bench [-- name …] [--objects N]`: measures the built server beside bare probes and
 * prints ratios; a run of every question also rewrites RESULTS.md.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Finding, tableRow } from './figures.ts'
import { get4k } from './questions/get-4k.ts'
import { get64m, put64m } from './questions/large.ts'
import { million } from './questions/million.ts'
import { put4kDurable } from './questions/put-4k-durable.ts'
import { SCRATCH } from './target.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { objects: { type: 'string', default: '1000000' } },
})
const objects = Number(values.objects)
const questions: Readonly<Record<string, () => Promise<readonly Finding[]>>> = {
  'put-4k': put4kDurable,
  'get-4k': get4k,
  'put-64m': put64m,
  'get-64m': get64m,
  million: () => million(objects),
}

const HEADER = ['| what | Varve | probe | ratio (range) | bar |', '|---|---|---|---|---|']

async function main(): Promise<void> {
  const names = positionals.length === 0 ? Object.keys(questions) : positionals
  await mkdir(SCRATCH, { recursive: true })
  const rows: string[] = []
  for (const name of names) {
    const ask = questions[name]
    if (ask === undefined) throw new Error(`no bench named ${name}: ${Object.keys(questions)}`)
    for (const finding of await ask()) {
      rows.push(tableRow(finding))
      process.stdout.write(`${rows.at(-1)}\n`)
    }
  }
  if (positionals.length > 0) return
  await writeFile(path.join(import.meta.dirname, 'RESULTS.md'), page(rows))
}

function page(rows: readonly string[]): string {
  const [cpu] = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  return [
    '# Results of `npm run bench`',
    '',
    'The server and a bare probe take turns on loopback in the same run, on the same disk; load comes',
    'from a third process. The ratio is the median of neighbouring pairs. Absolute numbers are of the',
    'machine named below and mean little elsewhere.',
    '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.version}, ` +
      `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}`,
    '',
    ...HEADER,
    ...rows,
    '',
    'Probes: PUT is node:http with MD5 and SHA-256 of the body and one group-committed append with',
    'fdatasync; GET 4 KiB is Koa returning 4 KiB from memory; GET 64 MiB is node:http piping a file;',
    'LIST is the same page in a small bucket; start is Node that listens.',
    '',
  ].join('\n')
}

await main()
