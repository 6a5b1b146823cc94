/** Bodies stream: what clients send and fetch at once costs memory by the stream, not by the byte. */
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import { signedForm } from '../harness/form.ts'
import { headText, talk } from '../harness/raw-socket.ts'

const varve = useServer()
const MIB = 1024 * 1024

/** Resident memory of the server, in MiB. */
async function resident(): Promise<number> {
  const status = await readFile(`/proc/${varve.server.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** The most it had while `work` went on. */
async function peakDuring(work: Promise<unknown>): Promise<number> {
  let peak = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      peak = Math.max(peak, await resident())
      await sleep(20)
    }
  })()
  await work
  isOver = true
  await watch
  return peak
}

describe('Memory', () => {
  it('holds for 32 uploads of 24 MiB at once', async () => {
    const bucket = await varve.bucket()
    const body = pseudoRandomBytes(24 * MIB)
    const put = async (key: number) => {
      const path = `/${bucket}/${key}`
      const payloadHash = 'UNSIGNED-PAYLOAD'
      return (await varve.wire.send({ method: 'PUT', path, body, payloadHash })).status
    }
    await put(0)
    const before = await resident()
    const uploads = Promise.all(Array.from({ length: 32 }, async (_, at) => await put(at)))
    const peak = await peakDuring(uploads)
    expect(new Set(await uploads)).toEqual(new Set([200]))
    expect(peak - before).toBeLessThan(400)
  })

  it('holds for 32 forms of 24 MiB at once', async () => {
    const bucket = await varve.bucket()
    const file = new Blob([pseudoRandomBytes(24 * MIB)])
    const post = async (at: number) => {
      const body = signedForm(varve.endpoint, { bucket, key: `up/${at}`, size: file.size })
      body.append('file', file, 'name')
      const reply = await fetch(`${varve.endpoint.url}/${bucket}`, { method: 'POST', body })
      await reply.arrayBuffer()
      return reply.status
    }
    await post(0)
    const before = await resident()
    const uploads = Promise.all(Array.from({ length: 32 }, async (_, at) => await post(at)))
    const peak = await peakDuring(uploads)
    expect(new Set(await uploads)).toEqual(new Set([201]))
    expect(peak - before).toBeLessThan(400)
  })

  it('holds for 48 readers of 24 MiB who take their time', async () => {
    const bucket = await varve.bucket()
    const path = `/${bucket}/k`
    await varve.wire.send({ method: 'PUT', path, body: pseudoRandomBytes(24 * MIB) })
    const before = await resident()
    const { target } = varve.wire.prepare({ method: 'GET', path, auth: 'query' })
    const { host, port } = varve.endpoint
    const read = async () =>
      await new Promise<number>((resolve, reject) => {
        const outgoing = request({ host, port, path: target, agent: false }, (incoming) => {
          let size = 0
          incoming.on('data', (piece: Buffer) => {
            size += piece.length
            if (size < 2 * MIB) {
              incoming.pause()
              setTimeout(() => incoming.resume(), 100)
            }
          })
          incoming.on('end', () => resolve(size))
          incoming.on('error', reject)
        })
        outgoing.on('error', reject).end()
      })
    const readers = Promise.all(Array.from({ length: 48 }, read))
    const peak = await peakDuring(readers)
    expect(new Set(await readers)).toEqual(new Set([24 * MIB]))
    expect(peak - before).toBeLessThan(400)
  })

  it('is not spent on the body of somebody who may not write', async () => {
    const bucket = await varve.bucket()
    const before = await resident()
    const intruders = Array.from({ length: 16 }, async (_, at) => {
      const prepared = varve.wire.prepare({
        method: 'PUT',
        path: `/${bucket}/${at}`,
        headers: { 'content-length': String(2 * 1024 * MIB) },
        payloadHash: 'UNSIGNED-PAYLOAD',
        tamper: () => '0'.repeat(64),
      })
      const pieces = Array.from({ length: 32 }, () => Buffer.alloc(MIB))
      return await talk(varve.endpoint, [headText(prepared), ...pieces], { waitMs: 1_500 })
    })
    const all = Promise.all(intruders)
    const peak = await peakDuring(all)
    for (const { received } of await all) {
      if (received !== '') expect(received).toMatch(/^HTTP\/1\.1 403 /)
    }
    expect(peak - before).toBeLessThan(150)
  })
})
