import { describe, expect, it } from 'vitest'
import { DataDirectory, DataDirectoryError } from '../src/data-directory.ts'
import { readFile, writeFileAtomically } from '../src/platform/atomic-file.ts'
import { MemoryFileSystem } from '../src/platform/memory-fs.ts'
import { SeededRandom } from '../src/platform/seeded-random.ts'

const path = '/srv/varve/data'
const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) }

function openIn(fileSystem: MemoryFileSystem): Promise<DataDirectory> {
  return DataDirectory.open({ fileSystem, path, clock, random: new SeededRandom(1) })
}

async function kindOf(promise: Promise<DataDirectory>): Promise<string> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(error instanceof DataDirectoryError)) throw new Error('expected a DataDirectoryError')
  expect(error.message).toContain(path)
  return error.kind
}

async function withFormatFile(text: string): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  await fileSystem.makeDirectory(path)
  await writeFileAtomically(fileSystem, `${path}/varve.json`, Buffer.from(text))
  return fileSystem
}

describe('a data directory', () => {
  it('is made with a format file whose bytes stay what they are', async () => {
    const fileSystem = new MemoryFileSystem()
    const random = { bytes: (size: number) => Buffer.alloc(size, 0xff) }
    const { storeId } = await DataDirectory.open({ fileSystem, path, clock, random })
    expect(storeId).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
    expect(String(await readFile(fileSystem, `${path}/varve.json`))).toBe(
      `{"format":1,"storeId":"${storeId}","createdAt":"2026-01-02T03:04:05.006Z"}\n`,
    )
  })

  it('keeps its store id', async () => {
    const fileSystem = new MemoryFileSystem()
    const first = await openIn(fileSystem)
    await first[Symbol.asyncDispose]()
    const random = new SeededRandom(2)
    const second = await DataDirectory.open({ fileSystem, path, clock, random })
    expect(second.storeId).toBe(first.storeId)
  })

  it('is refused while another holder has it', async () => {
    const fileSystem = new MemoryFileSystem()
    const first = await openIn(fileSystem)
    expect(await kindOf(openIn(fileSystem))).toBe('in-use')
    await first[Symbol.asyncDispose]()
    await expect(openIn(fileSystem)).resolves.toBeDefined()
  })

  it('of a newer format is refused, whatever else that format says', async () => {
    expect(await kindOf(openIn(await withFormatFile('{"format":2}')))).toBe('newer-format')
  })

  it.each(['', '{', '[]', 'null', '{}', '{"format":0}', '{"format":"1"}', '{"format":1}'])(
    'whose format file says %j is refused',
    async (text) => {
      const fileSystem = await withFormatFile(text)
      expect(await kindOf(openIn(fileSystem))).toBe('damaged')
      expect(String(await readFile(fileSystem, `${path}/varve.json`))).toBe(text)
    },
  )

  it('with data and no format file is refused: a new id would disown the data', async () => {
    const fileSystem = new MemoryFileSystem()
    await fileSystem.makeDirectory(`${path}/journal`)
    expect(await kindOf(openIn(fileSystem))).toBe('damaged')
  })

  it('that was refused can be opened once it is mended', async () => {
    const fileSystem = await withFormatFile('{')
    await kindOf(openIn(fileSystem))
    await fileSystem.remove(`${path}/varve.json`)
    await expect(openIn(fileSystem)).resolves.toBeDefined()
  })

  it('loses what was left unfinished, and nothing of others', async () => {
    const fileSystem = new MemoryFileSystem()
    await fileSystem.makeDirectory(path)
    for (const name of ['varve.json.tmp', 'credentials.json.tmp', 'other.tmp']) {
      await (await fileSystem.open(`${path}/${name}`, 'create')).close()
    }
    await openIn(fileSystem)
    expect(await fileSystem.list(path)).toEqual(['lock', 'other.tmp', 'varve.json'])
  })
})

describe('a power cut while the directory is made', () => {
  it('at any operation leaves a directory that opens, with its id if it had told it', async () => {
    const whole = new MemoryFileSystem({ simulate: true })
    await openIn(whole)
    expect(whole.operationCount).toBeGreaterThan(5)
    for (let at = 0; at <= whole.operationCount; at++) {
      for (const model of ['subset', 'torn'] as const) {
        const fileSystem = new MemoryFileSystem({ simulate: true })
        fileSystem.intercept(({ index }) => (index >= at ? { code: 'EIO' } : null))
        const told = await openIn(fileSystem).then(
          ({ storeId }) => storeId,
          () => null,
        )
        const after = fileSystem.crash({ model, seed: at })
        const { storeId } = await openIn(after)
        if (told !== null) expect(storeId).toBe(told)
      }
    }
  })
})
