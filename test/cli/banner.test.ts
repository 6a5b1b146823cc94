import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { banner } from '../../src/cli/banner.ts'

const facts = {
  version: '1.2.3',
  dataDir: '/data',
  endpoint: 'http://127.0.0.1:9000',
  region: 'us-east-1',
  accessKey: 'ROOT',
  newSecretKey: null,
  isConfigured: false,
}

/** What a shell makes of the lines to paste. */
function pasted(text: string): string {
  const lines = text.split('\n').filter((line) => line.startsWith('  export '))
  const script = `${lines.join('\n')}\nprintf '%s|%s|%s' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_DEFAULT_REGION"`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' })
}

describe('the banner', () => {
  it('has lines that a shell takes as they are, whatever the keys hold', () => {
    const text = banner({ ...facts, accessKey: "it's$HOME", newSecretKey: 'a b`c"\\d\'e;f' })
    expect(pasted(text)).toBe("it's$HOME|a b`c\"\\d'e;f|us-east-1")
  })

  it('has them read the secret from its file when it is not shown', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "varve it's "))
    try {
      const pair = { accessKey: 'ROOT', secretKey: 'a b`c"\\d\'e;f' }
      await writeFile(join(dataDir, 'credentials.json'), JSON.stringify(pair))
      const text = banner({ ...facts, dataDir })
      expect(text).not.toContain(pair.secretKey)
      expect(pasted(text)).toBe(`ROOT|${pair.secretKey}|us-east-1`)
    } finally {
      await rm(dataDir, { recursive: true })
    }
  })

  it('names the endpoint in commands for the AWS CLI', () => {
    expect(banner(facts)).toContain('aws --endpoint-url http://127.0.0.1:9000 s3 mb s3://my-bucket')
  })

  it('says where keys are that it does not show', () => {
    expect(banner(facts)).toContain('/data/credentials.json')
    expect(banner({ ...facts, isConfigured: true })).toContain('your settings')
  })
})
