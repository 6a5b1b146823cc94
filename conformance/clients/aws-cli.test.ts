import { appendFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { findPrograms, type RunResult, run, versionOf } from '../harness/command.ts'
import { bucketName, pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import { makeTree, treeDigest, useWorkspace } from '../harness/tree.ts'

const varve = useServer()
const workspace = useWorkspace()
const MIB = 1024 * 1024

/** One program per major version: they differ much in what they send. */
const programs = new Map<string, string>()
for (const program of findPrograms('aws')) {
  const version = /^aws-cli\/(\d+)/.exec(versionOf(program) ?? '')?.[1]
  if (version !== undefined && !programs.has(version)) programs.set(version, program)
}

beforeAll(async () => {
  if (programs.size > 0) {
    await makeTree(workspace.file('tree'), { smallFiles: 200, largeBytes: 256 * MIB })
  }
})

describe.each(['1', '2'])('AWS CLI v%s', (version) => {
  const program = programs.get(version)
  const title = program === undefined ? 'is not installed: skipped' : 'is installed'
  it.skipIf(program === undefined)(title, () => expect(program).toBeDefined())

  const bucket = bucketName()
  const aws = async (...args: string[]): Promise<RunResult> => {
    return await run(program ?? '', ['--endpoint-url', varve.endpoint.url, ...args], {
      env: {
        AWS_ACCESS_KEY_ID: varve.endpoint.credentials.accessKey,
        AWS_SECRET_ACCESS_KEY: varve.endpoint.credentials.secretKey,
        AWS_DEFAULT_REGION: varve.endpoint.region,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: workspace.file('no-config'),
        AWS_SHARED_CREDENTIALS_FILE: workspace.file('no-credentials'),
        AWS_PAGER: '',
      },
    })
  }
  const isMissing = program === undefined
  const it_ = it.skipIf(isMissing)
  const out = (result: RunResult) => result.stdout.toString()

  it_('makes a bucket', async () => {
    await aws('s3', 'mb', `s3://${bucket}`)
    expect(out(await aws('s3', 'ls'))).toContain(bucket)
  })

  it_('syncs a tree there and back, and the second time nothing', async () => {
    const back = workspace.file(`back-${version}`)
    await aws('s3', 'sync', '--no-progress', workspace.file('tree'), `s3://${bucket}/tree`)
    await aws('s3', 'sync', '--no-progress', `s3://${bucket}/tree`, back)
    expect(await treeDigest(back)).toEqual(await treeDigest(workspace.file('tree')))
    const again = await aws('s3', 'sync', workspace.file('tree'), `s3://${bucket}/tree`)
    expect(out(again)).toBe('')
    await rm(back, { recursive: true })
  })

  it_('deletes what is gone when it syncs with --delete', async () => {
    const small = workspace.file(`small-${version}`)
    await mkdir(small)
    const hourAgo = new Date(Date.now() - 3_600_000)
    for (const name of ['a', 'b', 'c']) {
      await writeFile(`${small}/${name}`, name)
      // S3 tells whole seconds: a file of this very second would look newer than its upload.
      await utimes(`${small}/${name}`, hourAgo, hourAgo)
    }
    await aws('s3', 'sync', small, `s3://${bucket}/small`)
    await rm(`${small}/b`)
    await appendFile(`${small}/c`, ' changed')
    const said = out(await aws('s3', 'sync', '--delete', small, `s3://${bucket}/small`))
    expect(said.match(/(delete|upload): /g)?.sort()).toEqual(['delete: ', 'upload: '])
    const listed = out(await aws('s3', 'ls', `s3://${bucket}/small/`))
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => line.split(' ').at(-1)),
    ).toEqual(['a', 'c'])
  })

  it_('copies a file of 80 MiB in parts, there, across and back', async () => {
    const body = pseudoRandomBytes(80 * MIB, 9)
    const [file, copy] = [workspace.file(`80-${version}`), workspace.file(`80-copy-${version}`)]
    await writeFile(file, body)
    const at = `s3://${bucket}/parts`
    await aws(
      's3',
      'cp',
      '--no-progress',
      '--metadata',
      'a=b',
      '--storage-class',
      'STANDARD_IA',
      file,
      at,
    )
    await aws('s3', 'cp', '--no-progress', at, `${at}-copy`)
    await aws('s3', 'cp', '--no-progress', `${at}-copy`, copy)
    expect((await readFile(copy)).equals(body)).toBe(true)
    const head = JSON.parse(
      out(await aws('s3api', 'head-object', '--bucket', bucket, '--key', 'parts-copy')),
    )
    // Version 1 leaves metadata behind when it copies in parts.
    expect(head.Metadata).toEqual(version === '1' ? {} : { a: 'b' })
    expect(head.ETag).toMatch(/-\d+"$/)
    await Promise.all([rm(file), rm(copy)])
  })

  it_('moves', async () => {
    await aws(
      's3',
      'mv',
      '--no-progress',
      `s3://${bucket}/parts-copy`,
      `s3://${bucket}/moved/parts`,
    )
    expect(out(await aws('s3', 'ls', `s3://${bucket}/moved/`))).toContain('parts')
    await expect(aws('s3', 'ls', `s3://${bucket}/parts-copy`)).rejects.toThrow('ended with 1')
  })

  it_('streams standard input and output', async () => {
    const body = pseudoRandomBytes(30 * MIB + 3, 11)
    await run(
      program ?? '',
      ['--endpoint-url', varve.endpoint.url, 's3', 'cp', '-', `s3://${bucket}/stdin`],
      {
        input: body,
        env: {
          AWS_ACCESS_KEY_ID: varve.endpoint.credentials.accessKey,
          AWS_SECRET_ACCESS_KEY: varve.endpoint.credentials.secretKey,
          AWS_DEFAULT_REGION: varve.endpoint.region,
        },
      },
    )
    const back = await aws('s3', 'cp', `s3://${bucket}/stdin`, '-')
    expect(back.stdout.equals(body)).toBe(true)
  })

  it.skipIf(isMissing || version === '1')(
    'presigns (v1 would sign with SigV2 in us-east-1)',
    async () => {
      const url = out(await aws('s3', 'presign', '--expires-in', '60', `s3://${bucket}/small/a`))
      expect(await (await fetch(url.trim())).text()).toBe('a')
    },
  )

  it_('lists with du-like summaries', async () => {
    const said = out(await aws('s3', 'ls', '--recursive', '--summarize', `s3://${bucket}/small`))
    expect(said).toContain('Total Objects: 2')
    expect(said).toContain('Total Size: 10')
  })

  it_('tags, heads and reads by range through s3api', async () => {
    const at = ['--bucket', bucket, '--key', 'small/a']
    await aws('s3api', 'put-object-tagging', ...at, '--tagging', 'TagSet=[{Key=k,Value=v}]')
    const tags = JSON.parse(out(await aws('s3api', 'get-object-tagging', ...at)))
    expect(tags.TagSet).toEqual([{ Key: 'k', Value: 'v' }])
    const file = workspace.file(`range-${version}`)
    await aws(
      's3api',
      'get-object',
      '--bucket',
      bucket,
      '--key',
      'small/c',
      '--range',
      'bytes=2-4',
      file,
    )
    expect(await readFile(file, 'utf8')).toBe('cha')
  })

  it_('keeps versions, brings an older one back, and empties the bucket of them', async () => {
    const versioned = bucketName()
    const at = ['--bucket', versioned]
    await aws('s3', 'mb', `s3://${versioned}`)
    const status = ['--versioning-configuration', 'Status=Enabled']
    await aws('s3api', 'put-bucket-versioning', ...at, ...status)
    const file = workspace.file(`versions-${version}`)
    for (const text of ['one', 'two']) {
      await writeFile(file, text)
      await aws('s3', 'cp', '--no-progress', file, `s3://${versioned}/dir/file`)
    }
    await aws('s3', 'rm', `s3://${versioned}/dir/file`)
    const list = async () => JSON.parse(out(await aws('s3api', 'list-object-versions', ...at)))
    const { Versions, DeleteMarkers } = await list()
    expect(DeleteMarkers).toMatchObject([{ Key: 'dir/file', IsLatest: true }])
    const [, oldest] = Versions
    const key = ['--key', 'dir/file']
    const source = `${versioned}/dir/file?versionId=${oldest.VersionId}`
    await aws('s3api', 'copy-object', ...at, ...key, '--copy-source', source)
    expect(out(await aws('s3', 'cp', `s3://${versioned}/dir/file`, '-'))).toBe('one')
    const all = await list()
    const objects = [...all.Versions, ...all.DeleteMarkers]
    expect(objects).toHaveLength(4)
    const named = objects.map(({ Key, VersionId }) => ({ Key, VersionId }))
    const Delete = JSON.stringify({ Objects: named })
    await aws('s3api', 'delete-objects', ...at, '--delete', Delete)
    await aws('s3', 'rb', `s3://${versioned}`)
    expect(out(await aws('s3', 'ls'))).not.toContain(versioned)
  })

  it_('removes everything, and the bucket', async () => {
    await aws('s3', 'rm', '--quiet', '--recursive', `s3://${bucket}/small`)
    expect(out(await aws('s3', 'ls', `s3://${bucket}`))).not.toContain('small')
    await aws('s3', 'rb', '--force', `s3://${bucket}`)
    expect(out(await aws('s3', 'ls'))).not.toContain(bucket)
  })
})
