import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { chunkedModes } from '../harness/aws-chunked.ts'
import { pseudoRandomBytes, useServer } from '../harness/fixture.ts'
import { headText, talk } from '../harness/raw-socket.ts'
import { element, elements } from '../harness/xml.ts'

const varve = useServer()

async function keysOf(bucket: string): Promise<string[]> {
  return elements((await varve.wire.send({ method: 'GET', path: `/${bucket}` })).text, 'Key')
}

/** A server takes its time to close what nobody waits for. */
const SETTLING = { timeout: 20_000, interval: 100 }

async function openFiles(): Promise<number> {
  return (await readdir(`/proc/${varve.server.pid}/fd`)).length
}

async function bytesOnDisk(): Promise<number> {
  const names = await readdir(varve.server.dataDir, { recursive: true })
  const sizes = names
    .filter((name) => name.endsWith('.seg'))
    // Compaction may have taken it by now.
    .map((name) => stat(path.join(varve.server.dataDir, name)).catch(() => ({ size: 0 })))
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
}

describe('A client that goes away', () => {
  it.each([0, 1, 70_000, 3_000_000])(
    'after %i of 4,000,000 bytes leaves no object',
    async (sent) => {
      const bucket = await varve.bucket()
      await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body: 'the old one' })
      const body = pseudoRandomBytes(4_000_000)
      for (const end of [true, false]) {
        const prepared = varve.wire.prepare({
          method: 'PUT',
          path: `/${bucket}/k`,
          body,
          payloadHash: 'UNSIGNED-PAYLOAD',
        })
        await talk(varve.endpoint, [headText(prepared), body.subarray(0, sent)], {
          end,
          waitMs: end ? 2_000 : 100,
        })
      }
      const kept = await varve.wire.send({ method: 'GET', path: `/${bucket}/k` })
      expect(kept.text).toBe('the old one')
      expect(await keysOf(bucket)).toEqual(['k'])
    },
  )

  it('and half-closes is told that the body was not whole', async () => {
    const bucket = await varve.bucket()
    const prepared = varve.wire.prepare({
      method: 'PUT',
      path: `/${bucket}/k`,
      headers: { 'content-length': '1000' },
      payloadHash: 'UNSIGNED-PAYLOAD',
    })
    const { received } = await talk(varve.endpoint, [headText(prepared), 'only this'], {
      end: true,
      waitMs: 2_000,
    })
    if (received !== '') expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(await keysOf(bucket)).toEqual([])
  })

  it.each(chunkedModes)('in the middle of %s leaves no object', async (payloadHash) => {
    const bucket = await varve.bucket()
    const prepared = varve.wire.prepare({
      method: 'PUT',
      path: `/${bucket}/k`,
      payloadHash,
      headers: { 'x-amz-decoded-content-length': '100000', 'content-length': '100500' },
    })
    const chunk = `10000;chunk-signature=${'0'.repeat(64)}\r\n${'x'.repeat(10_000)}`
    await talk(varve.endpoint, [headText(prepared), chunk], { waitMs: 100 })
    expect(await keysOf(bucket)).toEqual([])
  })

  it('in the middle of a part leaves no part', async () => {
    const bucket = await varve.bucket()
    const at = `/${bucket}/k`
    const begun = await varve.wire.send({ method: 'POST', path: at, query: 'uploads=' })
    const id = encodeURIComponent(element(begun.text, 'UploadId') ?? '')
    const prepared = varve.wire.prepare({
      method: 'PUT',
      path: at,
      query: `partNumber=1&uploadId=${id}`,
      headers: { 'content-length': '6000000' },
      payloadHash: 'UNSIGNED-PAYLOAD',
    })
    const piece = pseudoRandomBytes(3_000_000)
    await talk(varve.endpoint, [headText(prepared), piece], { waitMs: 200 })
    const list = await varve.wire.send({ method: 'GET', path: at, query: `uploadId=${id}` })
    expect(elements(list.text, 'PartNumber')).toEqual([])
  })

  it('three hundred times costs neither files nor memory of them', async () => {
    const bucket = await varve.bucket()
    const piece = pseudoRandomBytes(200_000)
    const storm = async (count: number) => {
      for (let at = 0; at < count; at += 30) {
        await Promise.all(
          Array.from({ length: 30 }, async (_, index) => {
            const prepared = varve.wire.prepare({
              method: 'PUT',
              path: `/${bucket}/k${at + index}`,
              headers: { 'content-length': '5000000' },
              payloadHash: 'UNSIGNED-PAYLOAD',
            })
            await talk(varve.endpoint, [headText(prepared), piece], { waitMs: 30 })
          }),
        )
      }
    }
    await storm(30)
    await sleep(500)
    const before = await openFiles()
    await storm(300)
    await expect.poll(openFiles, SETTLING).toBeLessThanOrEqual(before + 3)
    expect(await keysOf(bucket)).toEqual([])
    // Aborted bytes stay as garbage until compaction, but never more than was really sent.
    expect(await bytesOnDisk()).toBeLessThan(200_000_000)
  })

  it('in the middle of a download does not disturb anybody', async () => {
    const bucket = await varve.bucket()
    const body = pseudoRandomBytes(8_000_000)
    await varve.wire.send({ method: 'PUT', path: `/${bucket}/k`, body })
    const before = await openFiles()
    for (let turn = 0; turn < 20; turn++) {
      const prepared = varve.wire.prepare({ method: 'GET', path: `/${bucket}/k` })
      await talk(varve.endpoint, [headText(prepared)], { until: /HTTP\/1\.1 200/ })
    }
    const reply = await varve.wire.send({ method: 'GET', path: `/${bucket}/k` })
    expect(reply.body.equals(body)).toBe(true)
    await expect.poll(openFiles, SETTLING).toBeLessThanOrEqual(before + 3)
  })
})
