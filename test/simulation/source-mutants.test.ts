import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mutants as around } from './mutants.ts'
import { type SourceMutant, type TrialName, trialNames } from './source-mutant.ts'
import { mutantsAbove } from './source-mutants-above.ts'
import { mutantsBelow } from './source-mutants-below.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const goldenPath = path.join(root, 'test/golden/disk-traces.txt')
/** Most are noticed within seconds. To run out of it is not to notice. */
const TRIAL_MS_MAX = 300_000

const mutants = [...mutantsBelow, ...mutantsAbove]
let folder = ''
let golden = ''
const caught: string[] = []

beforeAll(async () => {
  // Inside the project, so that what the trial imports is found.
  await mkdir(path.join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(path.join(root, '.cache/mutants-'))
  golden = await readFile(goldenPath, 'utf8')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  console.info(`mutants caught: ${caught.length}\n${caught.join('\n')}`)
})

describe('a mistake in the source', () => {
  it('is made in thirty places at least, with those made around the store', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    expect(new Set(mutants.map(({ file, replace }) => file + replace)).size).toBe(mutants.length)
    expect(mutants.length + around.length).toBeGreaterThanOrEqual(30)
  })

  it.each(mutants)('is noticed ($caughtBy): a store that $name', async (mutant) => {
    const reason = await trial(mutant.caughtBy, mutant)
    expect(reason).not.toBeNull()
    caught.push(`  ${mutant.caughtBy}: ${mutant.name} (${reason})`)
  })
})

describe('the source as it is', () => {
  it.each(trialNames)('gives no reason to the check of %s', async (name) => {
    expect(await trial(name, null)).toBeNull()
  })
})

/** What the check has noticed of the mutant; null for nothing. */
async function trial(name: TrialName, mutant: SourceMutant | null): Promise<string | null> {
  const number = mutant === null ? 'none' : mutants.indexOf(mutant)
  const bundle = path.join(folder, `${name}-${number}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/mutant-trial.ts'],
    outfile: bundle,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: false,
    logLevel: 'warning',
    plugins: mutant === null ? [] : [mutating(mutant)],
  })
  const args = [bundle, name, golden, ...(mutant === null ? ['1'] : [])]
  try {
    const { stdout } = await run(process.execPath, args, { timeout: TRIAL_MS_MAX })
    return (JSON.parse(stdout) as { readonly reason: string | null }).reason
  } catch (error) {
    throw new Error('the trial itself failed, or did not come to an end', { cause: error })
  }
}

/** Builds one file of the source with its mistake in it. */
function mutating({ file, find, replace }: SourceMutant): Plugin {
  const target = path.join(root, 'src', file)
  return {
    name: 'mutant',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path: loaded }) => {
        if (loaded !== target) return null
        const text = await readFile(loaded, 'utf8')
        const parts = text.split(find)
        if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
        return { contents: parts.join(replace), loader: 'ts' }
      })
    },
  }
}
