/** How many durable 4 KiB PUTs a second at 64 in flight, of what the disk and node:http allow? */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { describeLoad, type Finding } from '../figures.ts'
import { signedRequest } from '../load/requests.ts'
import { runPairs } from '../pairs.ts'
import type { Target } from '../target.ts'
import { ProbeProcess, removeDirectory, scratchDirectory, startVarve } from '../target.ts'

const SIZE = 4096
/** More than one run can use. */
const REQUESTS = 60_000

export async function put4kDurable(): Promise<readonly Finding[]> {
  const directory = await scratchDirectory()
  try {
    await using varve = await startVarve(path.join(directory, 'data'))
    await using probe = await ProbeProcess.start('put.ts', [path.join(directory, 'probe.bin')])
    const result = await runPairs(varve.endpoint, probe.target, {
      connections: 64,
      durationMs: 4000,
      rounds: 7,
      requests: distinctPuts,
    })
    return [
      {
        name: 'PUT 4 KiB, durable, 64 in flight',
        varve: describeLoad(result.varve),
        probe: describeLoad(result.probe),
        ratio: result.ratio,
        pairs: result.pairs,
        bar: { relation: '≥', value: 0.4 },
      },
    ]
  } finally {
    await removeDirectory(directory)
  }
}

function distinctPuts(target: Target, round: number): () => readonly Uint8Array[] | null {
  const requests = Array.from({ length: REQUESTS }, (_, index) =>
    signedRequest(target, {
      method: 'PUT',
      path: `/bench/put/${round}/${index}`,
      body: randomBytes(SIZE),
    }),
  )
  return () => requests.pop() ?? null
}
