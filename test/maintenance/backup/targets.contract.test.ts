import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type Server } from '../../../src/index.ts'
import { backupStore } from '../../../src/maintenance/backup/backup-store.ts'
import { DirectoryTarget } from '../../../src/maintenance/backup/directory-target.ts'
import { drillBackup, isWhole } from '../../../src/maintenance/backup/drill.ts'
import { S3Target } from '../../../src/maintenance/backup/s3-target.ts'
import { MemoryFileSystem } from '../../../src/platform/memory-fs.ts'
import { backupTargetContract } from '../../contracts/backup-target.contract.ts'
import { groundOf, makeBed } from '../store-bed.ts'

backupTargetContract('DirectoryTarget', async (test) => {
  await using target = await DirectoryTarget.open(new MemoryFileSystem(), '/backup', 'create')
  await test(target)
})

describe('on a bucket', () => {
  let server: Server
  let count = 0

  beforeAll(async () => {
    server = await createServer({ memory: true, buckets: ['backups'] })
  })
  afterAll(() => server.close())

  function openBucket(): S3Target {
    const { endpoint, region, credentials } = server
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    return new S3Target(client, 'backups', `here/${count++}`)
  }

  backupTargetContract('S3Target', async (test) => {
    await using target = openBucket()
    await test(target)
  })

  it('a backup is whole, and the next one copies nothing', async () => {
    const { machine } = await makeBed('closed')
    await using target = openBucket()
    const first = await backupStore(groundOf(machine), target)
    expect(first.copiedFileCount).toBe(first.fileCount)
    expect((await backupStore(groundOf(machine), target)).copiedFileCount).toBe(0)
    expect(isWhole(await drillBackup(target, groundOf(machine), { id: null }))).toBe(true)
  })
})

describe('a directory', () => {
  it('has one backup at a time', async () => {
    const fs = new MemoryFileSystem()
    await using _held = await DirectoryTarget.open(fs, '/backup', 'create')
    const second = DirectoryTarget.open(fs, '/backup', 'create')
    await expect(second).rejects.toMatchObject({ kind: 'in-use' })
  })

  it('that is not there holds no backup', async () => {
    const missing = DirectoryTarget.open(new MemoryFileSystem(), '/backup', 'existing')
    await expect(missing).rejects.toMatchObject({ kind: 'unusable' })
  })
})
