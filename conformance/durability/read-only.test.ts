/** A real disk fails under a server that works on it: the kernel lets nobody write any more. */
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes } from '../harness/fixture.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { Wire } from '../harness/wire.ts'
import { LoopDisk, reasonNotToCut } from './loop-disk.ts'

const reason = await reasonNotToCut()
if (reason !== null) console.info(`a disk that fails is skipped: ${reason}`)

const sizes = { small: 200, inline: 20_000, large: 3_000_000 }

describe.skipIf(reason !== null)(`a disk that fails${reason ? ` (no: ${reason})` : ''}`, () => {
  it('takes no more, serves what it holds, and loses nothing', { timeout: 120_000 }, async () => {
    await using disk = await LoopDisk.make(512 * 1024 ** 2)
    await using server = await ServerProcess.start({
      dataDir: path.join(disk.path, 'data'),
      env: { VARVE_BUCKETS: 'photos', VARVE_LOG_LEVEL: 'error' },
    })
    const wire = new Wire(server.endpoint)
    const bodies = new Map<string, Buffer>()
    const put = async (name: string, size: number) => {
      const body = pseudoRandomBytes(size, size + bodies.size)
      const reply = await wire.send({ method: 'PUT', path: `/photos/${name}`, body })
      if (reply.status === 200) bodies.set(name, body)
      return reply
    }
    const expectAll = async () => {
      for (const [name, body] of bodies) {
        const reply = await wire.send({ method: 'GET', path: `/photos/${name}` })
        expect([name, reply.status, reply.body.equals(body)]).toEqual([name, 200, true])
      }
      const { text } = await wire.send({ method: 'GET', path: '/photos', query: 'list-type=2' })
      const names = [...text.matchAll(/<Key>([^<]*)</g)].map(([, name]) => name)
      expect(names).toEqual([...bodies.keys()].sort())
    }
    for (const [name, size] of Object.entries(sizes))
      expect((await put(name, size)).status).toBe(200)

    await disk.fail()
    for (const [name, size] of Object.entries(sizes)) {
      const reply = await put(`refused-${name}`, size)
      expect(reply.status, reply.text).toBe(503)
      expect(reply.text).toContain('<Code>ServiceUnavailable</Code>')
    }
    expect((await wire.send({ method: 'DELETE', path: '/photos/small' })).status).toBe(503)
    await expectAll()
    const ready = await fetch(`${server.endpoint.url}/health/ready`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toContain('read-only')
    expect((await fetch(`${server.endpoint.url}/health/live`)).status).toBe(200)

    await server.stop()
    await disk.unmount()
    await disk.mount()
    await server.up()
    await expectAll()
    expect((await put('again', 1000)).status).toBe(200)
    await expectAll()
  })
})
