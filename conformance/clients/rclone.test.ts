import { appendFile, rm } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { findProgram, type RunResult, run } from '../harness/command.ts'
import { bucketName, useServer } from '../harness/fixture.ts'
import { makeTree, treeDigest, useWorkspace } from '../harness/tree.ts'

const program = findProgram('rclone')
const varve = useServer()
const workspace = useWorkspace()

/** `Other` lists with version 1 of the API, `Minio` with version 2. */
describe.skipIf(program === null).each(['Other', 'Minio'])(
  `rclone${program === null ? ' is not installed: skipped' : ''} as provider %s`,
  (provider) => {
    const bucket = bucketName()
    const rclone = async (...args: string[]): Promise<RunResult> => {
      const { credentials, url, region } = varve.endpoint
      return await run(program ?? '', args, {
        env: {
          RCLONE_CONFIG: workspace.file('no-config'),
          RCLONE_CONFIG_V_TYPE: 's3',
          RCLONE_CONFIG_V_PROVIDER: provider,
          RCLONE_CONFIG_V_ENDPOINT: url,
          RCLONE_CONFIG_V_REGION: region,
          RCLONE_CONFIG_V_FORCE_PATH_STYLE: 'true',
          RCLONE_CONFIG_V_ACCESS_KEY_ID: credentials.accessKey,
          RCLONE_CONFIG_V_SECRET_ACCESS_KEY: credentials.secretKey,
          AWS_CA_BUNDLE: '',
        },
      })
    }
    const tree = () => workspace.file(`tree-${provider}`)
    const remote = `v:${bucket}/tree`

    beforeAll(async () => {
      await makeTree(tree(), { smallFiles: 500, largeBytes: 256 * 1024 * 1024 })
    })

    it('syncs there, checks byte by byte, and syncs back', async () => {
      await rclone('sync', tree(), remote)
      await rclone('check', '--download', tree(), remote)
      await rclone('check', tree(), remote)
      const back = workspace.file(`back-${provider}`)
      await rclone('sync', remote, back)
      expect(await treeDigest(back)).toEqual(await treeDigest(tree()))
      await rm(back, { recursive: true })
    })

    it('finds nothing to do the second time, modification times included', async () => {
      const said = await rclone('sync', '-v', '--stats', '0', tree(), remote)
      expect(said.stderr).not.toMatch(/Copied|Updated modification time|Deleted/)
    })

    it('carries changes and deletions', async () => {
      await appendFile(workspace.file(`tree-${provider}`, 'empty'), 'no more')
      await rm(workspace.file(`tree-${provider}`, 'medium.bin'))
      await rclone('sync', tree(), remote)
      await rclone('check', tree(), remote)
    })

    it('copies and moves on the server', async () => {
      await rclone('copy', `${remote}/modules`, `v:${bucket}/copied`)
      await rclone('move', `v:${bucket}/copied`, `v:${bucket}/moved`)
      await rclone('check', `${remote}/modules`, `v:${bucket}/moved`)
      const left = await rclone('lsf', '-R', `v:${bucket}/copied`).catch(() => null)
      expect(left?.stdout.toString() ?? '').toBe('')
    })

    it('lists, counts and purges', async () => {
      const size = JSON.parse((await rclone('size', '--json', remote)).stdout.toString())
      const digests = await treeDigest(tree())
      expect(size.count).toBe(digests.size)
      await rclone('cleanup', `v:${bucket}`)
      await rclone('purge', `v:${bucket}`)
      expect((await rclone('lsd', 'v:')).stdout.toString()).not.toContain(bucket)
    })
  },
)
