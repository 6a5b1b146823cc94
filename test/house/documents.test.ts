import { existsSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMIT_HEADER_SIZE } from '../../src/catalog/journal/commit-record.ts'
import { FORMAT_VERSION } from '../../src/data-directory.ts'
import { TRAILER_SIZE } from '../../src/segment/footer.ts'
import { INDEX_ENTRY_SIZE, INDEX_PAGE_ENTRIES_MAX } from '../../src/segment/index-page.ts'
import { RECORD_HEADER_SIZE, RECORD_MAGIC } from '../../src/segment/record.ts'
import { SEGMENT_FORMAT_VERSION, SEGMENT_HEADER_SIZE } from '../../src/segment/segment-header.ts'
import { codecs, RECIPE_NUMBER, recordKinds, segmentKinds, tiers } from '../../src/segment/types.ts'
import { filesBelow, readText, root, sourceFiles } from './source-tree.ts'

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...filesBelow('docs').filter((path) => path.endsWith('.md')),
]

const manifest = JSON.parse(readText('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly main: string
  readonly types: string
  readonly exports: { readonly '.': { readonly types: string; readonly default: string } }
}

describe('documents', () => {
  it.each(documents)('%s links to what is there', (path) => {
    const links = [...readText(path).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, link]) => link)
    const missing = links
      .filter((link) => link !== undefined && !/^[a-z]+:/.test(link))
      .filter((link) => !existsSync(join(root, posix.join(dirname(path), link ?? ''))))
    expect(missing).toEqual([])
  })

  it.each(documents)('%s names verbs that npm knows', (path) => {
    const verbs = [...readText(path).matchAll(/npm (?:run )?([a-z]+)/g)].map(([, verb]) => verb)
    const own = ['ci', 'install', 'run', 'packages', 'package', ...Object.keys(manifest.scripts)]
    expect(verbs.filter((verb) => !own.includes(verb ?? ''))).toEqual([])
  })

  it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/glossary.md'])(
    '%s names files of src that are there',
    (path) => {
      const named = [...readText(path).matchAll(/`(src\/[\w./-]+|test\/[\w./-]+)`/g)]
      const missing = named
        .map(([, name = '']) => name)
        .filter((name) => !existsSync(join(root, name)))
      expect(missing).toEqual([])
    },
  )

  it('README.md stays short', () => {
    expect(readText('README.md').split('\n').length).toBeLessThanOrEqual(150)
    expect(readText('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(250)
  })

  it('decisions are numbered without gaps', () => {
    const numbers = filesBelow('docs/decisions').map((path) => Number(/\/(\d{4})-/.exec(path)?.[1]))
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  })
})

describe('docs/dependencies.md', () => {
  const text = readText('docs/dependencies.md')

  it('says of every runtime dependency why it is there, and of no other', () => {
    const named = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    expect(named.sort()).toEqual(Object.keys(manifest.dependencies).sort())
  })

  it('every runtime dependency is used, and its version is exact', () => {
    const imported = sourceFiles('src').flatMap((file) =>
      file.imports.map((each) => each.specifier),
    )
    const isUsed = (name: string) =>
      imported.some((specifier) => specifier === name || specifier.startsWith(`${name}/`))
    const unused = Object.keys(manifest.dependencies).filter((name) => !isUsed(name))
    expect(unused).toEqual([])
    const loose = Object.values(manifest.dependencies).filter(
      (range) => !/^\d+\.\d+\.\d+$/.test(range),
    )
    expect(loose).toEqual([])
  })
})

describe('docs/format.md', () => {
  const text = readText('docs/format.md')
  const rowOf = (section: string, field: string): string => {
    const start = text.indexOf(`\n### ${section}`)
    expect(start).toBeGreaterThan(0)
    const row = text
      .slice(start)
      .split('\n')
      .find((line) => line.includes(`| ${field} |`))
    return row ?? ''
  }
  /** "1 data, 2 journal" of { data: 1, journal: 2 }. */
  const listed = (values: Readonly<Record<string, number>>): string =>
    Object.entries(values)
      .map(
        ([name, value]) =>
          `${value} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`,
      )
      .join(', ')

  it('agrees with the segment header', () => {
    expect(text).toContain(`### Segment header (${SEGMENT_HEADER_SIZE} bytes)`)
    expect(rowOf('Segment header', 'format version')).toContain(`| ${SEGMENT_FORMAT_VERSION} |`)
    expect(rowOf('Segment header', 'kind')).toContain(listed(segmentKinds))
    expect(rowOf('Segment header', 'tier')).toContain(listed(tiers))
    expect(text).toContain(`Records begin at offset ${SEGMENT_HEADER_SIZE} `)
  })

  it('agrees with the record header', () => {
    const magic = Buffer.alloc(4)
    magic.writeUInt32LE(RECORD_MAGIC)
    expect(text).toContain(`### Record (${RECORD_HEADER_SIZE}-byte header`)
    expect(rowOf('Record', 'magic')).toContain(`\`${magic.toString('latin1')}\``)
    expect(rowOf('Record', 'kind')).toContain(listed(recordKinds))
    expect(rowOf('Record', 'codec')).toMatch(
      new RegExp(
        Object.entries(codecs)
          .map(([name, value]) => `${value} ${name}`)
          .join('.*'),
        'i',
      ),
    )
    expect(rowOf('Record', 'number')).toContain(`0x${RECIPE_NUMBER.toString(16).toUpperCase()}`)
  })

  it('agrees with index pages, trailer and commits', () => {
    expect(text).toContain(`up to ${INDEX_PAGE_ENTRIES_MAX} entries of ${INDEX_ENTRY_SIZE} bytes`)
    expect(text).toContain(`the last ${TRAILER_SIZE} bytes of the file`)
    expect(rowOf('Commit payload', 'items')).toMatch(new RegExp(`^\\| ${COMMIT_HEADER_SIZE} \\|`))
  })

  it('agrees with the data directory', () => {
    expect(text).toContain(`{"format":${FORMAT_VERSION},"storeId":`)
  })
})

describe('docs/operations.md', () => {
  const text = readText('docs/operations.md')

  it('quotes lines of the log as they are', () => {
    const lines = text.slice(text.indexOf('Lines to act on'), text.indexOf('## Backing up'))
    const quoted = [...lines.matchAll(/`([^`]+)`/g)].map(([, line = '']) =>
      line.replace(/\s+/g, ' '),
    )
    const files = ['floor-log', 'mirror-log'].map((name) => `src/telemetry/${name}.ts`)
    const source = files.map((file) => readText(file)).join('\n')
    expect(quoted.length).toBeGreaterThan(3)
    expect(quoted.filter((line) => !source.includes(line))).toEqual([])
  })

  it('names every field of a request line', () => {
    const source = readText('src/telemetry/request-log.ts')
    const body = source.slice(source.indexOf('function requestFields'))
    const fields = [...body.matchAll(/(?:^ {4}|\{ )(\w+)(?::|,| })/gm)].map(([, name]) => name)
    expect(fields.length).toBeGreaterThan(10)
    expect(fields.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })
})

describe('the image', () => {
  it('copies what is there, and the ignore file lets it through', () => {
    const copies = [...readText('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    const paths = copies.flatMap(([, sources = '']) => sources.split(' '))
    const allowed = readText('.dockerignore').split('\n')
    expect(paths.length).toBeGreaterThan(5)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(paths.filter((path) => !allowed.includes(`!${path}`))).toEqual([])
  })

  it('starts what the package starts', () => {
    expect(readText('Dockerfile')).toContain('ENTRYPOINT ["node", "dist/main.js"]')
    expect(readText('package.json')).toContain('"varve": "dist/main.js"')
  })
})

describe('the package', () => {
  it('has one entry, also for those who do not know `exports`', () => {
    const { main, types } = manifest
    expect(manifest.exports['.']).toEqual({ types, default: main })
  })

  it('is built before it is packed', () => {
    expect(manifest.scripts['prepack']).toContain('npm run --silent build')
  })
})
