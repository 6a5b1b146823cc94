/** What share of the bandwidth of bare node:http do 64 MiB objects get, in and out? */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sha256Hex } from '../../conformance/harness/sigv4.ts'
import { describeBytes, type Finding } from '../figures.ts'
import { load } from '../load/raw-client.ts'
import { signedRequest } from '../load/requests.ts'
import { type PairPlan, runPairs } from '../pairs.ts'
import type { Target } from '../target.ts'
import { ProbeProcess, removeDirectory, scratchDirectory, startVarve } from '../target.ts'

const SIZE = 64 * 1024 * 1024
const plan = { connections: 2, durationMs: 4000, rounds: 3 } as const

export async function put64m(): Promise<readonly Finding[]> {
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'))
    await using probe = await ProbeProcess.start('put.ts', [path.join(directory, 'probe.bin')])
    // Random, so that nothing is won by compressing it.
    const body = randomBytes(SIZE)
    const bodyHash = sha256Hex(body)
    const requests: PairPlan['requests'] = (target) => {
      let index = 0
      return () => {
        const name = `/bench/large/${index++ % 8}`
        return signedRequest(target, { method: 'PUT', path: name, body, bodyHash })
      }
    }
    const result = await runPairs(varve.endpoint, probe.target, { ...plan, requests })
    return [
      {
        name: 'PUT 64 MiB, durable, 2 in flight',
        varve: describeBytes(result.varve, SIZE),
        probe: describeBytes(result.probe, SIZE),
        ratio: result.ratio,
        pairs: result.pairs,
        bar: { relation: '≥', value: 0.5 },
      },
    ]
  } finally {
    await removeDirectory(directory)
  }
}

export async function get64m(): Promise<readonly Finding[]> {
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'))
    const body = randomBytes(SIZE)
    const file = path.join(directory, 'probe.bin')
    await writeFile(file, body)
    await using probe = await ProbeProcess.start('get-file.ts', [file])
    await put(varve.endpoint, body)
    const requests: PairPlan['requests'] = (target) => () =>
      signedRequest(target, { method: 'GET', path: '/bench/large' })
    const result = await runPairs(varve.endpoint, probe.target, { ...plan, requests })
    return [
      {
        name: 'GET 64 MiB, 2 in flight',
        varve: describeBytes(result.varve, SIZE),
        probe: describeBytes(result.probe, SIZE),
        ratio: result.ratio,
        pairs: result.pairs,
        bar: { relation: '≥', value: 0.6 },
      },
    ]
  } finally {
    await removeDirectory(directory)
  }
}

async function put(target: Target, body: Uint8Array): Promise<void> {
  const requests = [signedRequest(target, { method: 'PUT', path: '/bench/large', body })]
  const next = () => requests.pop() ?? null
  await load({ ...target, connections: 1, durationMs: 60_000, next })
}
