/**
 * What reaches the disk for each operation, in order, as text: `test/golden/disk-traces.txt` is
 * what this returned when it was last reviewed. A change there is a change of the promise.
 */
import { MemoryKv } from '../../src/catalog/kv/memory-kv.ts'
import { startServer } from '../../src/compose/start-server.ts'
import { configFrom } from '../../src/config/load.ts'
import { type DiskOperation, MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { SeededRandom } from '../../src/platform/seeded-random.ts'
import { silentLog } from '../../src/telemetry/log.ts'
import { Machine } from './machine.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import type { Stack } from './stack.ts'
import type { Control, Round, Step } from './step.ts'

export interface DiskTrace {
  readonly title: string
  readonly operations: readonly DiskOperation[]
}

const bucket = 'alpha'
const put = (key: string, size: number): Step => ({
  kind: 'put',
  bucket,
  key,
  body: { seed: 2 * size, size },
  mark: 'm',
})
const steps = (...together: Step[]): Round => ({ steps: together })
const source = { bucket, key: 'large' }
const upload = { upload: 0 }
const cold = { storageClass: 'GLACIER' } as const

/** In this order on one store; those without a title prepare the next. */
const script: readonly (readonly [title: string | null, round: Round])[] = [
  ['the first commit: a bucket', steps({ kind: 'create-bucket', bucket })],
  ['a small object', steps(put('small', 200))],
  ['a large object, the first one', steps(put('large', 1000))],
  ['a large object, when the lane is open', steps(put('other', 1000))],
  ['a large object that fills its segment', steps(put('long', 7500))],
  ['a copy', steps({ kind: 'copy', source, bucket, key: 'twin' })],
  ['tags', steps({ kind: 'tag', bucket, key: 'small', tags: [{ key: 'k', value: 'v' }] })],
  ['the delete of a small object', steps({ kind: 'delete', bucket, key: 'small' })],
  ['the delete of a large object', steps({ kind: 'delete', bucket, key: 'long' })],
  ['a new upload', steps({ kind: 'create-upload', ...upload, bucket, key: 'parts', mark: 'u' })],
  [
    'a small part',
    steps({ kind: 'upload-part', ...upload, partNumber: 1, body: { seed: 2, size: 90 } }),
  ],
  [
    'a large part',
    steps({ kind: 'upload-part', ...upload, partNumber: 2, body: { seed: 4, size: 900 } }),
  ],
  ['the completion of an upload', steps({ kind: 'complete', ...upload, partNumbers: [1, 2] })],
  ['several small objects at once', steps(put('a', 50), put('b', 60), put('c', 70))],
  [null, { control: 'flush' }],
  ['a snapshot', { control: 'snapshot' }],
  ['a compaction', { control: 'compact' }],
  ['a move to a colder class', steps({ kind: 'move-object', bucket, key: 'other', ...cold })],
  ['a move of a small object', steps({ kind: 'move-object', bucket, key: 'a', ...cold })],
  ['a move of what has aged', { control: 'move' }],
]

/** Of the floors up to the store, and of the first and second start of a whole server. */
export async function collectTraces(): Promise<readonly DiskTrace[]> {
  return [...(await traceStore()), ...(await traceServer())]
}

export async function diskTraces(): Promise<string> {
  const traces = await collectTraces()
  const sections = traces.map(({ title, operations }) =>
    [`${title}:`, ...folded(operations.map(lineOf)).map((line) => `  ${line}`)].join('\n'),
  )
  return `${sections.join('\n\n')}\n`
}

async function traceStore(): Promise<readonly DiskTrace[]> {
  const fs = new MemoryFileSystem({ trace: true })
  const machine = new Machine({ seed: 1, isTiered: true, disguise: () => fs })
  const traces: DiskTrace[] = []
  const traced = async <Result>(title: string | null, act: () => Promise<Result>) => {
    const start = fs.trace.length
    const result = await act()
    // What goes on in the background belongs to what has begun it.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (title !== null) traces.push({ title, operations: fs.trace.slice(start) })
    return result
  }
  let stack = await traced('the first start of a store', () => machine.open())
  const model = new ReferenceModel()
  for (const [title, round] of script) await traced(title, () => run(stack, model, round))
  await traced('a stop', () => stack.close())
  stack = await traced('a start after a stop', () => machine.open())
  await run(stack, model, steps(put('late', 900)))
  // A process that dies closes nothing: the next one finds its files as they are.
  await traced('a start after a kill', async () => (await machine.open()).close())
  await stack.close()
  return traces
}

async function run(stack: Stack, model: ReferenceModel, round: Round): Promise<void> {
  if ('steps' in round) {
    const failed = await new RoundRunner(stack.store, model).run(round.steps, () => {})
    if (failed.length > 0) throw new Error('a step has failed')
    return
  }
  await stack[round.control as Exclude<Control, 'restart' | 'kill'>]()
}

async function traceServer(): Promise<readonly DiskTrace[]> {
  const fs = new MemoryFileSystem({ trace: true })
  const kv = new MemoryKv()
  const kept = keptOpen(kv)
  const start = () =>
    startServer({
      config: configFrom({ dataDir: '/data', port: 0, compaction: 'off' }),
      ground: {
        fileSystem: fs,
        clock: { now: () => 1_700_000_000_000 },
        random: new SeededRandom(1),
        openIndex: async () => kept,
      },
      log: silentLog,
    })
  const traces: DiskTrace[] = []
  for (const title of ['the first start of a server', 'its second start']) {
    const from = fs.trace.length
    const server = await start()
    traces.push({ title, operations: fs.trace.slice(from) })
    const stopFrom = fs.trace.length
    await server.stop()
    traces.push({ title: 'its stop', operations: fs.trace.slice(stopFrom) })
  }
  return traces
}

/** An index that lives on when it is closed, as one on a disk does. */
function keptOpen(kv: MemoryKv): MemoryKv {
  return new Proxy(kv, {
    get: (target, name) => {
      if (name === Symbol.asyncDispose) return async () => {}
      const own = Reflect.get(target, name, target) as unknown
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

/** Sizes of records are left out: they are the codecs' affair. The header of a segment is not. */
function lineOf({ operation, path, offset, target }: DiskOperation): string {
  const name = path.startsWith('/data/') ? path.slice('/data/'.length) : path
  if (operation === 'rename') return `rename ${name} to ${target?.slice('/data/'.length)}`
  return operation === 'write' && offset === 0 ? `write ${name} from 0` : `${operation} ${name}`
}

/** Writes that follow one another are one or several by chance. */
function folded(lines: readonly string[]): string[] {
  return lines.filter((line, index) => !line.startsWith('write') || line !== lines[index - 1])
}
