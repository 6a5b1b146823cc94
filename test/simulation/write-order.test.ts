import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../src/platform/memory-fs.ts'
import { Machine } from './machine.ts'
import { perform } from './perform.ts'
import { ReferenceModel } from './reference-model.ts'
import type { Step } from './step.ts'

const bucket = 'alpha'
const put = (key: string, size: number): Step => ({
  kind: 'put',
  bucket,
  key,
  body: { seed: 2 * size, size },
  mark: 'm',
})

/** What reaches the disk for each request, in order: a change here is a change of the promise. */
describe('the order of writes', () => {
  it('of the first commit: the file and its name are durable before anything is in it', async () => {
    expect(await traceOf([], { kind: 'create-bucket', bucket })).toEqual([
      'create journal/00000001.seg',
      'write journal/00000001.seg 0+128',
      'sync journal/00000001.seg',
      'syncDirectory journal',
      'write journal/00000001.seg',
      'sync journal/00000001.seg',
    ])
  })

  it('of a small object: one write, one sync', async () => {
    expect(await traceOf([{ kind: 'create-bucket', bucket }], put('a', 200))).toEqual([
      'write journal/00000001.seg',
      'sync journal/00000001.seg',
    ])
  })

  it('of a large object: its bytes are durable before the commit that names them', async () => {
    const before: Step[] = [{ kind: 'create-bucket', bucket }, put('a', 900)]
    const trace = await traceOf(before, put('b', 1000))
    const data = trace.filter((line) => line.includes('hot/'))
    expect(trace).toEqual([...data, 'write journal/00000001.seg', 'sync journal/00000001.seg'])
    expect(data.at(-1)).toMatch(/^sync hot/)
  })

  it('of a delete, a copy and tags: one write, one sync', async () => {
    const before: Step[] = [{ kind: 'create-bucket', bucket }, put('a', 900), put('b', 100)]
    const source = { bucket, key: 'a' }
    const steps: Step[] = [
      { kind: 'delete', bucket, key: 'b' },
      { kind: 'copy', source, bucket, key: 'c' },
      { kind: 'tag', bucket, key: 'a', tags: [{ key: 'k', value: 'v' }] },
    ]
    for (const step of steps) {
      expect(await traceOf(before, step)).toEqual([
        'write journal/00000001.seg',
        'sync journal/00000001.seg',
      ])
    }
  })
})

/** What the last step does to the disk. Sizes of records are left out: they are the codecs' affair. */
async function traceOf(before: readonly Step[], last: Step): Promise<string[]> {
  const fs = new MemoryFileSystem({ trace: true })
  const machine = new Machine({ seed: 1, disguise: () => fs })
  const stack = await machine.open()
  const model = new ReferenceModel()
  for (const step of before) await perform(stack.store, step, model)
  const start = fs.trace.length
  await perform(stack.store, last, model)
  const lines = fs.trace.slice(start).map(({ operation, path, offset, length }) => {
    const isHeader = operation === 'write' && offset === 0
    const name = path.slice(machine.directory.length + 1)
    return `${operation} ${name}${isHeader ? ` ${offset}+${length}` : ''}`
  })
  await stack.close()
  return lines
}
