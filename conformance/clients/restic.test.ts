import { appendFile, rm } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { findProgram, type RunResult, run } from '../harness/command.ts'
import { bucketName, useServer } from '../harness/fixture.ts'
import { makeTree, treeDigest, useWorkspace } from '../harness/tree.ts'

const program = findProgram('restic')
const varve = useServer()
const workspace = useWorkspace()

describe.skipIf(program === null)(
  `restic${program === null ? ' is not installed: skipped' : ''}`,
  () => {
    const bucket = bucketName()
    const restic = async (...args: string[]): Promise<RunResult> => {
      const { credentials, url, region } = varve.endpoint
      return await run(program ?? '', ['--quiet', ...args], {
        cwd: workspace.file('tree'),
        env: {
          RESTIC_REPOSITORY: `s3:${url}/${bucket}/repository`,
          RESTIC_PASSWORD: 'sediment',
          RESTIC_CACHE_DIR: workspace.file('cache'),
          AWS_ACCESS_KEY_ID: credentials.accessKey,
          AWS_SECRET_ACCESS_KEY: credentials.secretKey,
          AWS_DEFAULT_REGION: region,
        },
      })
    }

    beforeAll(async () => {
      await makeTree(workspace.file('tree'), { smallFiles: 800, largeBytes: 256 * 1024 * 1024 })
    })

    it('makes a repository, backs up, and restores the same bytes', async () => {
      await restic('init')
      await restic('backup', '.')
      await restic('restore', 'latest', '--target', workspace.file('restored'))
      const before = await treeDigest(workspace.file('tree'))
      expect(await treeDigest(workspace.file('restored'))).toEqual(before)
      await rm(workspace.file('restored'), { recursive: true })
    })

    it('backs up what changed, forgets, prunes, and everything checks', async () => {
      for (let turn = 0; turn < 3; turn++) {
        await appendFile(workspace.file('tree', 'medium.bin'), `turn ${turn}`)
        await rm(workspace.file('tree', 'odd', 'a space'), { force: true })
        await restic('backup', '.')
      }
      await restic('forget', '--keep-last', '1', '--prune', '--max-unused', '0')
      const snapshots = JSON.parse((await restic('snapshots', '--json')).stdout.toString())
      expect(snapshots.length).toBe(1)
      await restic('check', '--read-data')
    })

    it('restores what is left, from an empty cache', async () => {
      await rm(workspace.file('cache'), { recursive: true, force: true })
      await restic('restore', 'latest', '--target', workspace.file('restored'))
      const after = await treeDigest(workspace.file('tree'))
      expect(await treeDigest(workspace.file('restored'))).toEqual(after)
    })
  },
)
