/** ACLs, ownership, CORS and tags as the AWS CLI sets them, felt by requests of nobody. */
import { describe, expect, it } from 'vitest'
import { findPrograms, type RunResult, run, versionOf } from '../harness/command.ts'
import { bucketName, useServer } from '../harness/fixture.ts'
import { useWorkspace } from '../harness/tree.ts'

const varve = useServer({ env: { VARVE_NEW_BUCKET_ACCESS: 'acl' } })
const workspace = useWorkspace()
const program = findPrograms('aws').find((each) => versionOf(each)?.startsWith('aws-cli/') === true)

async function aws(...args: string[]): Promise<RunResult> {
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

const api = async (...args: string[]): Promise<unknown> => {
  const text = (await aws('s3api', ...args)).stdout.toString()
  return text.trim() === '' ? null : JSON.parse(text)
}
const status = async (path: string) => (await fetch(`${varve.endpoint.url}/${path}`)).status

describe.skipIf(program === undefined)('AWS CLI', () => {
  const bucket = bucketName()
  const at = ['--bucket', bucket]

  it('publishes a file, and takes it back', async () => {
    const { writeFile } = await import('node:fs/promises')
    await writeFile(workspace.file('page.html'), '<p>hello</p>')
    await api('create-bucket', ...at)
    await aws('s3', 'cp', '--acl', 'public-read', workspace.file('page.html'), `s3://${bucket}/p`)
    expect(await status(`${bucket}/p`)).toBe(200)
    expect(await status(bucket)).toBe(403)
    await api('put-object-acl', ...at, '--key', 'p', '--acl', 'private')
    expect(await status(`${bucket}/p`)).toBe(403)
  })

  it('opens a bucket, and blocks it', async () => {
    await api('put-bucket-acl', ...at, '--acl', 'public-read')
    expect(await api('get-bucket-acl', ...at)).toMatchObject({
      Grants: [{ Permission: 'READ' }, { Permission: 'FULL_CONTROL' }],
    })
    expect(await status(bucket)).toBe(200)
    const flags = 'BlockPublicAcls=true,IgnorePublicAcls=true'
    await api('put-public-access-block', ...at, '--public-access-block-configuration', flags)
    expect(await status(bucket)).toBe(403)
    await api('delete-public-access-block', ...at)
    expect(await status(bucket)).toBe(200)
    await api('put-bucket-acl', ...at, '--acl', 'private')
    const rules = 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'
    await api('put-bucket-ownership-controls', ...at, '--ownership-controls', rules)
    expect(await api('get-bucket-ownership-controls', ...at)).toEqual({
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
  })

  it('sets tags and rules for other origins', async () => {
    await api('put-bucket-tagging', ...at, '--tagging', 'TagSet=[{Key=team,Value=blue}]')
    expect(await api('get-bucket-tagging', ...at)).toEqual({
      TagSet: [{ Key: 'team', Value: 'blue' }],
    })
    const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'], MaxAgeSeconds: 5 }]
    await api('put-bucket-cors', ...at, '--cors-configuration', JSON.stringify({ CORSRules }))
    expect(await api('get-bucket-cors', ...at)).toEqual({ CORSRules })
  })
})
