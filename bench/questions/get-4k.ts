/** How many 4 KiB GETs a second at 64 in flight, of what Koa returns from memory? */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { describeLoad, type Finding } from '../figures.ts'
import { load } from '../load/raw-client.ts'
import { signedRequest } from '../load/requests.ts'
import { runPairs } from '../pairs.ts'
import type { Target } from '../target.ts'
import { ProbeProcess, removeDirectory, scratchDirectory, startVarve } from '../target.ts'

const SIZE = 4096
const OBJECTS = 10_000
const REQUESTS = 80_000

export async function get4k(): Promise<readonly Finding[]> {
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'))
    await using probe = await ProbeProcess.start('get-small.ts')
    await fill(varve.endpoint)
    const result = await runPairs(varve.endpoint, probe.target, {
      connections: 64,
      durationMs: 4000,
      rounds: 3,
      requests: randomGets,
    })
    return [
      {
        name: 'GET 4 KiB, 64 in flight',
        varve: describeLoad(result.varve),
        probe: describeLoad(result.probe),
        ratio: result.ratio,
        pairs: result.pairs,
        bar: { relation: '≥', value: 0.3 },
      },
    ]
  } finally {
    await removeDirectory(directory)
  }
}

async function fill(target: Target): Promise<void> {
  let index = 0
  const next = () => {
    if (index === OBJECTS) return null
    index += 1
    return signedRequest(target, {
      method: 'PUT',
      path: `/bench/get/${index - 1}`,
      body: randomBytes(SIZE),
    })
  }
  await load({ ...target, connections: 64, durationMs: 120_000, next })
}

function randomGets(target: Target): () => readonly Uint8Array[] | null {
  const requests = Array.from({ length: REQUESTS }, () => {
    const index = Math.floor(Math.random() * OBJECTS)
    return signedRequest(target, { method: 'GET', path: `/bench/get/${index}` })
  })
  return () => requests.pop() ?? null
}
