/**
 * Does a million keys change what a page of a list costs, and how long does a start take on them:
 * after a clean stop, and after kill -9?
 */
import path from 'node:path'
import type { ServerProcess } from '../../conformance/harness/server-process.ts'
import { type Finding, median, quantile } from '../figures.ts'
import { load } from '../load/raw-client.ts'
import { signedRequest } from '../load/requests.ts'
import type { Target } from '../target.ts'
import { ProbeProcess, removeDirectory, scratchDirectory, startVarve } from '../target.ts'

const SMALL_BUCKET_OBJECTS = 2000
const ROUNDS = 40
/** Filling is not measured: very many share a sync. */
const FILL_CONNECTIONS = 2000
const ROOM_TO_FILL = { VARVE_BODIES_MAX: '4000', VARVE_REQUESTS_MAX: '4000' }
const STARTS = 3

export async function million(objects: number): Promise<readonly Finding[]> {
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'), ROOM_TO_FILL)
    await createBucket(varve.endpoint, 'small')
    await fill(varve.endpoint, 'small', SMALL_BUCKET_OBJECTS)
    await fill(varve.endpoint, 'bench', objects)
    const list = await listPages(varve.endpoint, objects)
    return [...list, ...(await starts(varve, objects))]
  } finally {
    await removeDirectory(directory)
  }
}

async function createBucket(target: Target, bucket: string): Promise<void> {
  await one(target, signedRequest(target, { method: 'PUT', path: `/${bucket}` }))
}

export async function fill(target: Target, bucket: string, count: number): Promise<void> {
  const body = Buffer.from('one of many')
  let index = 0
  const next = () => {
    if (index === count) return null
    return signedRequest(target, { method: 'PUT', path: `/${bucket}/${keyOf(index++)}`, body })
  }
  await load({ ...target, connections: FILL_CONNECTIONS, durationMs: 1_800_000, next })
}

/** Spread over folders of a hundred, as a tree of files is. */
function keyOf(index: number): string {
  const name = index.toString().padStart(8, '0')
  return `${name.slice(0, 6)}/${name}`
}

async function listPages(target: Target, objects: number): Promise<readonly Finding[]> {
  const shapes = [
    { name: 'flat', query: '' },
    { name: 'delimiter', query: 'delimiter=%2F&' },
  ]
  const findings: Finding[] = []
  for (const { name, query } of shapes) {
    const times = { small: [] as number[], bench: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const bucket of ['small', 'bench'] as const) {
        const count = bucket === 'small' ? SMALL_BUCKET_OBJECTS : objects
        // From the first half, so that every page is full where the bucket allows it.
        const after = keyOf(Math.floor((Math.random() * count) / 2)).replace('/', '%2F')
        const parts = `${query}list-type=2&max-keys=10&start-after=${after}`
        const request = signedRequest(target, { method: 'GET', path: `/${bucket}`, query: parts })
        const startedAt = performance.now()
        await one(target, request)
        if (round > 0) times[bucket].push(performance.now() - startedAt)
      }
    }
    const pairs = times.bench.map((time, index) => time / times.small[index]!)
    findings.push({
      name: `LIST page, ${name}: ${objects} keys against ${SMALL_BUCKET_OBJECTS}`,
      varve: `p50 ${median(times.bench).toFixed(2)} ms, p99 ${quantile(times.bench, 0.99).toFixed(2)} ms`,
      probe: `p50 ${median(times.small).toFixed(2)} ms`,
      ratio: median(times.bench) / median(times.small),
      pairs,
      bar: { relation: '≤', value: 1.5 },
    })
  }
  return findings
}

async function starts(varve: ServerProcess, objects: number): Promise<readonly Finding[]> {
  const ways = [
    { name: 'a clean stop', end: () => varve.stop() },
    { name: 'kill -9', end: () => varve.kill() },
  ]
  const findings: Finding[] = []
  for (const { name, end } of ways) {
    const times: number[] = []
    const bare: number[] = []
    for (let round = 0; round < STARTS; round++) {
      // So that there is a tail to replay.
      await fill(varve.endpoint, 'small', SMALL_BUCKET_OBJECTS)
      await end()
      const startedAt = performance.now()
      await varve.up()
      times.push(performance.now() - startedAt)
      const probeStartedAt = performance.now()
      await (await ProbeProcess.start('listen.ts'))[Symbol.asyncDispose]()
      bare.push(performance.now() - probeStartedAt)
    }
    findings.push({
      name: `Start with ${objects} objects after ${name}`,
      varve: `${median(times).toFixed(0)} ms`,
      probe: `${median(bare).toFixed(0)} ms`,
      ratio: median(times) / median(bare),
      pairs: times.map((time, index) => time / bare[index]!),
      bar: null,
    })
  }
  return findings
}

async function one(target: Target, request: readonly Uint8Array[]): Promise<void> {
  const requests = [request]
  await load({ ...target, connections: 1, durationMs: 60_000, next: () => requests.pop() ?? null })
}
