import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { VERSION } from '../../src/config/version.ts'
import { VarveProcess } from './varve-process.ts'

const manifest = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
) as { readonly version: string }

describe('varve', () => {
  it('has the version of its package', () => {
    expect(VERSION).toBe(manifest.version)
  })

  it.each([
    [['version'], 0, `varve ${VERSION} (format 1, Node ${process.version})`],
    [['--version'], 0, VERSION],
    [['--help'], 0, 'serve'],
    [['serve', '--help'], 0, '--drain-timeout-ms'],
  ])(
    '%j exits %d and says %s',
    async (args, code, text) => {
      await using varve = new VarveProcess(args)
      expect(await varve.exited).toBe(code)
      expect(varve.stdout).toContain(text)
    },
    30_000,
  )

  it.each([[[]], [['nonsense']]])(
    '%j is no verb: it exits 1 and helps',
    async (args) => {
      await using varve = new VarveProcess(args)
      expect(await varve.exited).toBe(1)
      expect(varve.stderr).not.toBe('')
    },
    30_000,
  )
})
