import { describe, expect, it } from 'vitest'
import { LocalIdentity } from '../../src/identity/local-identity.ts'
import { readFile, writeFileAtomically } from '../../src/platform/atomic-file.ts'
import type { FileSystem } from '../../src/platform/file-system.ts'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { type Random, systemRandom } from '../../src/platform/random.ts'
import { identityContract } from '../contracts/identity.contract.ts'

const DIRECTORY = '/data'
const PATH = '/data/credentials.json'

async function dataDirectory(): Promise<FileSystem> {
  const fileSystem = new MemoryFileSystem()
  await fileSystem.makeDirectory(DIRECTORY)
  return fileSystem
}

function open(
  fileSystem: FileSystem,
  configured: { readonly accessKey: string; readonly secretKey: string } | null = null,
  random: Random = systemRandom,
): Promise<LocalIdentity> {
  return LocalIdentity.open({ fileSystem, random, directory: DIRECTORY, configured })
}

identityContract('LocalIdentity', async () => {
  const identity = await open(await dataDirectory())
  return { identity, accessKeys: [identity.root.accessKey] }
})

describe('the root credential', () => {
  it('is made at the first start, and found again at the next', async () => {
    const fileSystem = await dataDirectory()
    const first = await open(fileSystem)
    expect(first.isNew).toBe(true)
    expect(first.root.accessKey).toMatch(/^[A-Z2-7]{20}$/)
    expect(first.root.secretKey).toMatch(/^[A-Za-z0-9]{40}$/)
    expect(first.root.principal).toEqual({ kind: 'root', accessKey: first.root.accessKey })

    const second = await open(fileSystem)
    expect(second.isNew).toBe(false)
    expect(second.root).toEqual(first.root)
  })

  it('is durable before anybody can use it', async () => {
    const fileSystem = new MemoryFileSystem({ simulate: true })
    await fileSystem.makeDirectory(DIRECTORY)
    const { root } = await open(fileSystem)
    const after = await open(fileSystem.crash({ model: 'lose-all' }))
    expect(after.isNew).toBe(false)
    expect(after.root).toEqual(root)
  })

  it('is another one everywhere', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 50 }, async () => (await open(await dataDirectory())).root),
    )
    expect(new Set(pairs.map((pair) => pair.accessKey)).size).toBe(50)
    expect(new Set(pairs.map((pair) => pair.secretKey)).size).toBe(50)
  })

  it('has every character equally likely', async () => {
    // Bytes 248 … 255 would make the first letters of an alphabet of 62 likelier: they are skipped.
    const fills = [0, 248, 255, 61]
    const random: Random = { bytes: (size) => Buffer.alloc(size, fills.shift()) }
    const { root } = await open(await dataDirectory(), null, random)
    expect(root.accessKey).toBe('A'.repeat(20))
    expect(root.secretKey).toBe('9'.repeat(40))
  })

  it('comes from the configuration when it is there, and is not kept', async () => {
    const fileSystem = await dataDirectory()
    const stored = (await open(fileSystem)).root
    const configured = { accessKey: 'admin', secretKey: 'long enough' }
    const identity = await open(fileSystem, configured)
    expect(identity.isNew).toBe(false)
    expect(identity.root).toMatchObject(configured)
    expect(identity.find('admin')).toBe(identity.root)
    expect(identity.find(stored.accessKey)).toBeNull()
    expect((await open(fileSystem)).root).toEqual(stored)
  })

  it.each([
    ['', 'long enough'],
    ['ab', 'long enough'],
    ['admin', ''],
    ['admin', 'short77'],
    ['admin', '        '],
    ['admin', ' long enough'],
    ['with space', 'long enough'],
    ['with,comma', 'long enough'],
    ['with=sign', 'long enough'],
    ['ünïcödé', 'long enough'],
    ['new\nline', 'long enough'],
  ])('may not be configured as %j and %j', async (accessKey, secretKey) => {
    const opened = open(await dataDirectory(), { accessKey, secretKey })
    await expect(opened).rejects.toMatchObject({ kind: 'weak-credential' })
    if (secretKey.trim() !== '') await expect(opened).rejects.not.toThrow(secretKey)
  })

  it.each([
    '',
    'null',
    '{',
    '[]',
    '"text"',
    '{"accessKey":"admin"}',
    '{"accessKey":1,"secretKey":"long enough"}',
    '{"accessKey":"admin","secretKey":null}',
  ])('that is damaged on disk stops the start: %s', async (text) => {
    const fileSystem = await dataDirectory()
    await writeFileAtomically(fileSystem, PATH, Buffer.from(text))
    await expect(open(fileSystem)).rejects.toMatchObject({ kind: 'unreadable' })
    expect((await readFile(fileSystem, PATH))?.toString()).toBe(text)
  })

  it('is not quoted by the error about a damaged file', async () => {
    const fileSystem = await dataDirectory()
    const damaged = Buffer.from('{"accessKey":"admin","secretKey":"canary-secret"')
    await writeFileAtomically(fileSystem, PATH, damaged)
    const error = await open(fileSystem).catch((reason: Error) => reason)
    expect(error).toMatchObject({ kind: 'unreadable' })
    expect(`${(error as Error).stack}${String((error as Error).cause)}`).not.toContain('canary')
  })
})
