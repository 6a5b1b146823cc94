import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { findProgram, type RunResult, run } from '../harness/command.ts'
import { bucketName, pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import { makeTree, treeDigest, useWorkspace } from '../harness/tree.ts'

const program = findProgram('s3cmd')
const varve = useServer()
const workspace = useWorkspace()

describe.skipIf(program === null)(
  `s3cmd${program === null ? ' is not installed: skipped' : ''}`,
  () => {
    const bucket = bucketName()
    const s3cmd = async (...args: string[]): Promise<RunResult> => {
      return await run(program ?? '', ['-c', workspace.file('config'), '--no-progress', ...args])
    }
    const out = (result: RunResult) => result.stdout.toString()

    beforeAll(async () => {
      const { credentials, host, port } = varve.endpoint
      const config = [
        '[default]',
        `access_key = ${credentials.accessKey}`,
        `secret_key = ${credentials.secretKey}`,
        `host_base = ${host}:${port}`,
        `host_bucket = ${host}:${port}`,
        'use_https = False',
      ]
      await writeFile(workspace.file('config'), config.join('\n'))
      await makeTree(workspace.file('tree'), { smallFiles: 150, largeBytes: 256 * 1024 * 1024 })
    })

    it('makes a bucket', async () => {
      await s3cmd('mb', `s3://${bucket}`)
      expect(out(await s3cmd('ls'))).toContain(`s3://${bucket}`)
    })

    it('syncs a tree there and back, and the second time nothing', async () => {
      const [tree, back] = [workspace.file('tree'), workspace.file('back')]
      await s3cmd('sync', `${tree}/`, `s3://${bucket}/tree/`)
      await s3cmd('sync', `s3://${bucket}/tree/`, `${back}/`)
      expect(await treeDigest(back)).toEqual(await treeDigest(tree))
      expect(out(await s3cmd('sync', `${tree}/`, `s3://${bucket}/tree/`))).not.toContain('upload:')
      await rm(back, { recursive: true })
    })

    it('carries changes and deletions', async () => {
      await appendFile(workspace.file('tree', 'empty'), 'no more')
      await rm(workspace.file('tree', 'odd', '.hidden'))
      const args = ['--delete-removed', `${workspace.file('tree')}/`, `s3://${bucket}/tree/`]
      const said = out(await s3cmd('sync', ...args))
      expect(said).toMatch(/upload: .*empty/)
      expect(said).toMatch(/delete: .*\.hidden/)
    })

    it('puts in parts, tells about it, copies, moves and gets', async () => {
      const body = pseudoRandomBytes(40 * 1024 * 1024 + 1, 13)
      const [file, back] = [workspace.file('forty'), workspace.file('forty-back')]
      await writeFile(file, body)
      const at = `s3://${bucket}/forty`
      await s3cmd('put', '--add-header', 'x-amz-meta-colour: blue', file, at)
      const info = out(await s3cmd('info', at))
      expect(info).toContain(`File size: ${body.length}`)
      expect(info).toContain('colour')
      await s3cmd('cp', at, `${at}-copy`)
      await s3cmd('mv', `${at}-copy`, `${at}-moved`)
      await s3cmd('get', '--force', `${at}-moved`, back)
      expect((await readFile(back)).equals(body)).toBe(true)
    })

    it('tells about a bucket on which nothing is configured', async () => {
      const info = out(await s3cmd('info', `s3://${bucket}`))
      expect(info).toContain('Location:')
      expect(info).toMatch(/Policy:\s+none/)
      expect(info).toMatch(/CORS:\s+none/)
    })

    it('reads and sets access that is what it is', async () => {
      await s3cmd('setacl', '--acl-private', `s3://${bucket}/forty`)
      await s3cmd('modify', '--add-header', 'Cache-Control: no-store', `s3://${bucket}/forty`)
      const head = await varve.wire.send({ method: 'HEAD', path: `/${bucket}/forty` })
      expect(head.headers['cache-control']).toBe('no-store')
    })

    it('sees unfinished uploads, of which there are none', async () => {
      expect(out(await s3cmd('multipart', `s3://${bucket}`))).not.toContain('forty')
    })

    it('removes everything, and the bucket', async () => {
      await s3cmd('del', `s3://${bucket}/forty`)
      await s3cmd('del', '--recursive', '--force', `s3://${bucket}/`)
      expect(out(await s3cmd('ls', '--recursive', `s3://${bucket}`))).toBe('')
      await s3cmd('rb', `s3://${bucket}`)
    })
  },
)
