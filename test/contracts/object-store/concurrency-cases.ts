import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import {
  bucket,
  copy,
  failure,
  get,
  keysOf,
  noise,
  open as openObject,
  put,
  remove,
  UploadClient,
} from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

const CLIENTS = 64

export function concurrencyCases(open: OpenSubject): void {
  it.each([10, 70_000])('lets exactly one of 64 create a key of %i bytes', (size) =>
    onStore(open, async (store) => {
      const results = await Promise.all(
        clients((index) =>
          failure(put(store, 'a', noise(size, index), { conditions: { ifNoneMatch: '*' } })),
        ),
      )
      expect(tally(results)).toEqual({ succeeded: 1, 'precondition-failed': CLIENTS - 1 })
      const winner = results.indexOf('succeeded')
      expect((await get(store, 'a')).equals(noise(size, winner))).toBe(true)
    })(),
  )

  it(
    'lets exactly one of 64 replace a version, again and again',
    onStore(open, async (store) => {
      let { etag } = await put(store, 'a', 'start')
      for (let round = 0; round < 5; round++) {
        const conditions = { ifMatch: etag }
        const results = await Promise.all(
          clients((index) => failure(put(store, 'a', `${round} ${index}`, { conditions }))),
        )
        expect(tally(results)).toEqual({ succeeded: 1, 'precondition-failed': CLIENTS - 1 })
        ;({ etag } = await openObject(store, 'a'))
      }
    }),
  )

  it(
    'counts right what 64 clients increment by compare and set',
    onStore(open, async (store) => {
      await put(store, 'n', '0')
      const increment = async () => {
        for (;;) {
          const reader = await openObject(store, 'n')
          const pieces = []
          for await (const piece of reader.body) pieces.push(piece)
          const next = Number(Buffer.concat(pieces).toString()) + 1
          const conditions = { ifMatch: reader.etag }
          const result = await failure(put(store, 'n', `${next}`, { conditions }))
          if (result === 'succeeded') return
          expect(result).toBe('precondition-failed')
        }
      }
      await Promise.all(clients(increment))
      expect((await get(store, 'n')).toString()).toBe(`${CLIENTS}`)
    }),
  )

  it(
    'lets exactly one of 64 delete a version',
    onStore(open, async (store) => {
      const { etag } = await put(store, 'a', 'x')
      const results = await Promise.all(clients(() => failure(remove(store, 'a', etag))))
      expect(tally(results)).toEqual({ succeeded: 1, 'no-such-key': CLIENTS - 1 })
    }),
  )

  it(
    'never tears an object that all overwrite, delete and copy at once',
    onStore(open, async (store) => {
      const names = ['a', 'b', 'c']
      const bodies = new Set<string>()
      await Promise.all(
        clients(async (index) => {
          const name = names[index % 3]!
          for (let round = 0; round < 6; round++) {
            const size = (index + round) % 4 === 0 ? 70_000 : 20
            const content = Buffer.concat([Buffer.from(`${index}/${round} `), noise(size, index)])
            bodies.add(content.toString('latin1'))
            const choice = (index * 7 + round * 3) % 5
            if (choice === 0) await remove(store, name)
            else if (choice === 1) await failure(copy(store, names[(index + round) % 3]!, name))
            else await put(store, name, content)
            const seen = await get(store, name).catch(() => null)
            if (seen !== null) expect(bodies.has(seen.toString('latin1'))).toBe(true)
          }
        }),
      )
      for (const name of names) await remove(store, name)
      expect(await store.usage(bucket)).toMatchObject({ objects: 0, bytes: 0, storedBytes: 0 })
    }),
  )

  it(
    'counts references right while one body is copied and dropped by all',
    onStore(open, async (store) => {
      await put(store, 'source', noise(70_000))
      await Promise.all(
        clients(async (index) => {
          const name = `copy ${index % 9}`
          for (let round = 0; round < 4; round++) {
            await failure(copy(store, 'source', name))
            if ((index + round) % 3 === 0) await remove(store, name)
            if (index === 5 && round === 2) await remove(store, 'source')
          }
        }),
      )
      for (const name of await keysOf(store)) await remove(store, name)
    }),
  )

  it(
    'gives a copy the checksum of its own bytes while the source changes',
    onStore(open, async (store) => {
      await put(store, 'source', noise(700_000, 0))
      for (let round = 1; round <= 5; round++) {
        const [info] = await Promise.all([
          copy(store, 'source', 'target', { checksumAlgorithm: 'SHA256' }),
          put(store, 'source', noise(700_000, round)),
        ])
        const digest = createHash('sha256')
          .update(await get(store, 'target'))
          .digest('base64')
        expect(info.checksum).toEqual({ algorithm: 'SHA256', type: 'FULL_OBJECT', value: digest })
      }
    }),
  )

  it(
    'completes an upload once and alike for all who ask',
    onStore(open, async (store) => {
      const upload = await UploadClient.start(store, 'a')
      const parts = [await upload.part(1, noise(100_000))]
      const infos = await Promise.all(clients(() => upload.complete(parts)))
      for (const info of infos) expect(info).toEqual(infos[0])
    }),
  )

  it(
    'settles races between parts, Complete and Abort',
    onStore(open, async (store) => {
      for (let round = 0; round < 8; round++) {
        const upload = await UploadClient.start(store, 'a')
        const parts = [await upload.part(1, noise(100_000, round))]
        const results = await Promise.all([
          ...[2, 3, 1, 2].map((partNumber) =>
            failure(upload.part(partNumber, noise(70_000, partNumber))),
          ),
          failure(upload.complete(parts)),
          ...[5, 6].map((partNumber) => failure(upload.part(partNumber, 'small'))),
          ...(round % 2 === 0 ? [failure(upload.abort())] : []),
        ])
        for (const result of results) {
          expect(['succeeded', 'no-such-upload', 'invalid-part']).toContain(result)
        }
        await failure(upload.abort())
      }
      expect(await store.usage(bucket)).toMatchObject({ uploads: 0, partBytes: 0 })
    }),
  )

  it(
    'settles races between deleting a bucket and writing into it',
    onStore(open, async (store) => {
      for (let round = 0; round < 8; round++) {
        const upload = await UploadClient.start(store, 'u')
        const results = await Promise.all([
          failure(put(store, 'a', noise(round % 2 === 0 ? 10 : 70_000))),
          failure(store.deleteBucket(bucket)),
          failure(upload.part(1, 'x')),
          failure(put(store, 'b', 'y')),
        ])
        const isDeleted = results[1] === 'succeeded'
        if (!isDeleted) expect(results[1]).toBe('bucket-not-empty')
        else await store.createBucket(bucket, { region: 'us-east-1' })
        for (const name of ['a', 'b']) await remove(store, name)
        await failure(upload.abort())
      }
      expect(await store.usage(bucket)).toMatchObject({ objects: 0, uploads: 0 })
    }),
  )

  it(
    'makes a bucket once for all who ask',
    onStore(open, async (store) => {
      const jars = 'jars' as typeof bucket
      const create = () => failure(store.createBucket(jars, { region: 'us-east-1' }))
      const results = await Promise.all(clients(create))
      expect(tally(results)).toEqual({ succeeded: 1, 'bucket-exists': CLIENTS - 1 })
    }),
  )
}

function clients<Result>(run: (index: number) => Result): Result[] {
  return Array.from({ length: CLIENTS }, (_, index) => run(index))
}

function tally(results: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const result of results) counts[result] = (counts[result] ?? 0) + 1
  return counts
}
