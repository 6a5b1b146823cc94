/** Everything that can be wrong with one file of a disk, one after another. */
import type { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { classify, sample } from './byte-classes.ts'
import type { Damage, DamageRun } from './damage-run.ts'

/** With the name of the class of bytes that is hit. */
export interface ClassDamage extends Damage {
  readonly className: string
}

const SECTOR_SIZE = 512
const CUT_COUNT = 12
/** Objects that one damaged record can take along: a commit in these histories changes fewer. */
const LOSS_MAX = 8

export const kindsOfDamage = {
  'a missing file': missingFiles,
  'a file cut short': cutFiles,
  'a lost or misplaced sector': sectors,
  'a record in the place of another': misdirectedRecords,
  "files that took each other's place": swappedFiles,
  'a file of an earlier time': staleFiles,
  'a file that was removed and is back': revenants,
} as const satisfies Record<string, (run: DamageRun) => AsyncIterable<Damage>>

/** One bit, in at most `count` bytes of each class of each file. */
export async function* flippedBits(run: DamageRun, count: number): AsyncGenerator<ClassDamage> {
  const random = new SeededRandom(5)
  for (const path of await run.files()) {
    for (const { name, offset } of sample(classify(await run.read(path)), count)) {
      const bit = random.below(8)
      yield {
        what: `bit ${bit} of byte ${offset} of ${path}: ${name}`,
        className: name,
        path,
        lossMax: LOSS_MAX,
        change: (fs) => flip(fs, path, { offset, bit }),
      }
    }
  }
}

async function* missingFiles(run: DamageRun): AsyncGenerator<Damage> {
  for (const path of await run.files()) {
    yield { what: `${path} is missing`, path, change: (fs) => fs.remove(path) }
  }
}

async function* cutFiles(run: DamageRun): AsyncGenerator<Damage> {
  for (const path of await run.files()) {
    const { length } = await run.read(path)
    for (let size = 0; size < length; size += Math.max(1, Math.floor(length / CUT_COUNT))) {
      const what = `${path} is cut to ${size} of ${length} bytes`
      yield { what, path, change: (fs) => cut(fs, path, size) }
    }
  }
}

async function* sectors(run: DamageRun): AsyncGenerator<Damage> {
  for (const path of await run.files()) {
    const bytes = await run.read(path)
    for (let start = 0; start + SECTOR_SIZE <= bytes.length; start += SECTOR_SIZE) {
      const from = (start + 2 * SECTOR_SIZE) % Math.max(SECTOR_SIZE, bytes.length - SECTOR_SIZE)
      const zero = { offset: start, bytes: Buffer.alloc(SECTOR_SIZE) }
      const other = { offset: start, bytes: bytes.subarray(from, from + SECTOR_SIZE) }
      const at = `sector at ${start} of ${path}`
      yield { what: `${at} is zero`, path, change: (fs) => overwrite(fs, path, zero) }
      yield {
        what: `${at} is the one at ${from}`,
        path,
        change: (fs) => overwrite(fs, path, other),
      }
    }
  }
}

/** Whole records, valid where they were meant to be: of this file, and of another. */
async function* misdirectedRecords(run: DamageRun): AsyncGenerator<Damage> {
  const files = await run.files()
  for (const [index, path] of files.entries()) {
    const other = files[(index + 1) % files.length] ?? path
    const places = recordsOf(await run.read(path))
    const donors = [
      { from: path, bytes: await run.read(path) },
      { from: other, bytes: await run.read(other) },
    ]
    for (const { from, bytes } of donors) {
      const records = recordsOf(bytes)
      for (const [at, { offset }] of places.entries()) {
        const donor = records[(at * 7 + 3) % Math.max(1, records.length)]
        if (donor === undefined || (from === path && donor.offset === offset)) continue
        const record = bytes.subarray(donor.offset, donor.end)
        yield {
          what: `record at ${offset} of ${path} is the one at ${donor.offset} of ${from}`,
          path,
          change: (fs) => overwrite(fs, path, { offset, bytes: record }),
        }
      }
    }
  }
}

async function* swappedFiles(run: DamageRun): AsyncGenerator<Damage> {
  const files = await run.files()
  for (const [index, path] of files.entries()) {
    const other = files[(index + 1) % files.length] ?? path
    const bytes = await run.read(other)
    yield {
      what: `${path} holds ${other}`,
      path,
      change: (fs) => replace(fs, path, bytes),
    }
    yield {
      what: `${path} and ${other} are swapped`,
      path,
      change: async (fs) => {
        await fs.rename(path, `${run.directory}/aside`)
        await fs.rename(other, path)
        await fs.rename(`${run.directory}/aside`, other)
      },
    }
  }
}

/** As from a backup: whole, and out of date. */
async function* staleFiles(run: DamageRun): AsyncGenerator<Damage> {
  for (const path of await run.files()) {
    for (const { round, bytes } of run.earlier(path)) {
      if (bytes.equals(await run.read(path))) continue
      yield {
        what: `${path} is as after round ${round}`,
        path,
        change: (fs) => replace(fs, path, bytes),
      }
    }
  }
}

/** Replaced by a compaction or superseded, removed, and back from a backup. */
async function* revenants(run: DamageRun): AsyncGenerator<Damage> {
  const present = await run.files()
  for (const path of run.earlierPaths()) {
    if (present.includes(path)) continue
    for (const { round, bytes } of run.earlier(path)) {
      yield {
        what: `${path} is back, as after round ${round}`,
        path,
        change: async (fs) => {
          await (await fs.open(path, 'create')).close()
          await replace(fs, path, bytes)
        },
      }
    }
  }
}

interface Span {
  readonly offset: number
  readonly end: number
}

function recordsOf(file: Buffer): Span[] {
  const starts = classify(file)
    .filter(({ name }, index, all) => {
      const isHeader = name.endsWith(' header') && name !== 'segment header'
      return isHeader && all[index - 1]?.name !== name
    })
    .map(({ offset }) => offset)
  return starts.map((offset, index) => ({ offset, end: starts[index + 1] ?? file.length }))
}

async function cut(fs: MemoryFileSystem, path: string, size: number): Promise<void> {
  await using file = await fs.open(path, 'update')
  await file.truncate(size)
}

async function replace(fs: MemoryFileSystem, path: string, bytes: Buffer): Promise<void> {
  await cut(fs, path, 0)
  await overwrite(fs, path, { offset: 0, bytes })
}

async function flip(
  fs: MemoryFileSystem,
  path: string,
  { offset, bit }: { readonly offset: number; readonly bit: number },
): Promise<void> {
  await using file = await fs.open(path, 'update')
  const byte = Buffer.alloc(1)
  await file.read(byte, offset)
  byte[0] = (byte[0] ?? 0) ^ (1 << bit)
  await file.write([byte], offset)
}

async function overwrite(
  fs: MemoryFileSystem,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Buffer },
): Promise<void> {
  await using file = await fs.open(path, 'update')
  await file.write([bytes], offset)
}
