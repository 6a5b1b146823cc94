/** A folder as people have them: many small files, odd names, a few large ones. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { pseudoRandomBytes } from './fixture.ts'

const MIB = 1024 * 1024
const NODE_MODULES = path.resolve(import.meta.dirname, '../../node_modules')
const PACKAGES = ['hash-wasm', 'fast-xml-parser', 'koa', 'commander', 'pino', 'fast-check', 'tsx']

/** Names that need encoding somewhere on their way, yet every file system and client takes. */
const oddNames = [
  'a space',
  ' leading and trailing ',
  'plus+plus',
  '100%',
  '%41 is not A',
  "quote'quote",
  'hash#tag',
  'semi;colon',
  'comma,and=equals',
  'am&per',
  '[brackets] {braces}',
  'tilde~',
  'at@dollar$',
  'excl!paren()star',
  'dots..dots',
  '.hidden',
  'Größe',
  '日本語',
  'emoji \u{1F600}',
  'x'.repeat(200),
]

export interface TreeOptions {
  readonly smallFiles: number
  readonly largeBytes: number
  /** Names to leave out because this client cannot say them at all. */
  readonly without?: readonly string[]
}

/** A temporary folder for one suite, removed after it. */
export class Workspace {
  #root: string | null = null

  async open(): Promise<void> {
    this.#root = await mkdtemp(path.join(tmpdir(), 'varve-journey-'))
  }

  async close(): Promise<void> {
    if (this.#root !== null) await rm(this.#root, { recursive: true, force: true })
  }

  file(...names: string[]): string {
    if (this.#root === null) throw new Error('the workspace is not open')
    return path.join(this.#root, ...names)
  }
}

export function useWorkspace(): Workspace {
  const workspace = new Workspace()
  beforeAll(async () => await workspace.open())
  afterAll(async () => await workspace.close())
  return workspace
}

export async function makeTree(root: string, options: TreeOptions): Promise<void> {
  await mkdir(path.join(root, 'odd', 'deep', 'er'), { recursive: true })
  for (const name of oddNames.filter((odd) => !options.without?.includes(odd))) {
    await writeFile(path.join(root, 'odd', name), `content of ${name}`)
    await writeFile(path.join(root, 'odd', 'deep', 'er', name), name)
  }
  await writeFile(path.join(root, 'empty'), '')
  await copySmallFiles(root, options.smallFiles)
  await writeFile(path.join(root, 'medium.bin'), pseudoRandomBytes(9 * MIB + 5, 3))
  await writeLarge(path.join(root, 'large.bin'), options.largeBytes)
}

/** Relative path → SHA-256 of every file below. */
export async function treeDigest(root: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(root, { recursive: true })
  const digests = new Map<string, string>()
  for (const name of names.sort()) {
    const file = path.join(root, name)
    if (!(await stat(file)).isFile()) continue
    const hash = createHash('sha256')
    for await (const piece of createReadStream(file, { highWaterMark: MIB })) hash.update(piece)
    digests.set(name, hash.digest('hex'))
  }
  return digests
}

async function copySmallFiles(root: string, count: number): Promise<void> {
  let left = count
  for (const name of PACKAGES) {
    const from = path.join(NODE_MODULES, name)
    for (const entry of (await readdir(from, { recursive: true, withFileTypes: true })).sort()) {
      if (!entry.isFile()) continue
      if (left-- <= 0) return
      const source = path.join(entry.parentPath, entry.name)
      const target = path.join(root, 'modules', name, path.relative(from, source))
      await mkdir(path.dirname(target), { recursive: true })
      await copyFile(source, target)
    }
  }
}

/** Half of it does not compress, half of it does. */
async function writeLarge(file: string, size: number): Promise<void> {
  const handle = await open(file, 'w')
  const random = pseudoRandomBytes(MIB, 77)
  const text = Buffer.alloc(MIB, 'a line that comes again and again\n')
  for (let at = 0; at < size; at += MIB) {
    const piece = (at / MIB) % 2 === 0 ? random : text
    piece.writeUInt32LE(at / MIB, 0)
    await handle.write(piece, 0, Math.min(MIB, size - at))
  }
  await handle.close()
}
