import { describe, expect, it } from 'vitest'
import { createServer } from '../../../src/index.ts'
import { S3Folder } from '../../../src/platform/remote/s3-folder.ts'
import { describeRemoteFolder } from '../../contracts/remote-folder.contract.ts'
import { MemoryFolder } from './memory-folder.ts'

describeRemoteFolder('MemoryFolder', async () => {
  const folder = new MemoryFolder()
  return { folder, close: async () => {} }
})

const secretKey = 'a secret of sixteen'

describeRemoteFolder('S3Folder', async () => {
  const credentials = { accessKeyId: 'root', secretAccessKey: secretKey }
  const server = await createServer({ memory: true, buckets: ['far-away'], credentials })
  const { endpoint, region } = server
  const place = { endpoint, region, bucket: 'far-away', prefix: 'a store/' }
  const folder = new S3Folder({ ...place, accessKey: 'root', secretKey })
  return {
    folder,
    close: async () => {
      await folder[Symbol.asyncDispose]()
      await server.close()
    },
  }
})

describe('S3Folder', { timeout: 60_000 }, () => {
  it('says which place does not answer, and no secret', async () => {
    const place = { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', bucket: 'b', prefix: 'p/' }
    await using folder = new S3Folder({ ...place, accessKey: 'k', secretKey })
    const error = await folder.read('x', { start: 0, end: 1 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'EHOSTUNREACH' })
    expect(String(error)).toContain('s3://b/p/x')
    expect(JSON.stringify(error)).not.toContain(secretKey)
  })

  it('takes a bucket that is not there for no answer, not for a missing file', async () => {
    const credentials = { accessKeyId: 'root', secretAccessKey: secretKey }
    await using server = await createServer({ memory: true, credentials })
    const { endpoint, region } = server
    const place = { endpoint, region, bucket: 'nowhere', prefix: '' }
    await using folder = new S3Folder({ ...place, accessKey: 'root', secretKey })
    const error = await folder.read('x', { start: 0, end: 1 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'EHOSTUNREACH' })
    await using other = new S3Folder({ ...place, accessKey: 'root', secretKey: 'the wrong one' })
    await expect(other.remove('x')).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })
})
