import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3Error } from '../../../src/s3/errors.ts'
import { readForm } from '../../../src/s3/form/read-form.ts'
import { bytesOf, streamOf } from '../../store/store-requests.ts'
import { FormBed } from '../support/form-bed.ts'

let bed: FormBed
beforeAll(async () => {
  bed = await FormBed.open()
})
afterAll(() => bed[Symbol.asyncDispose]())

describe('a body', () => {
  const raw = (body: string, type = 'multipart/form-data; boundary=XX') =>
    fetch(`${bed.server.endpoint}/open`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })
  const field = (name: string, value: string) =>
    `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = '--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nbytes'

  it('that is no form is told what one is', async () => {
    const reply = await raw('x', 'text/plain')
    expect(reply.status).toBe(412)
    expect(await reply.text()).toContain('enclosure-type multipart/form-data')
  })

  it.each([
    ['without a boundary', file, 'multipart/form-data', 'MalformedPOSTRequest'],
    [
      'that breaks off in the file',
      `${field('key', 'cut')}${file}`,
      undefined,
      'MalformedPOSTRequest',
    ],
    [
      'that breaks off after it',
      `${field('key', 'cut')}${file}\r\n--X`,
      undefined,
      'MalformedPOSTRequest',
    ],
    [
      'that breaks off in a field after it',
      `${field('key', 'cut')}${file}\r\n${field('x-ignore-a', 'x').slice(0, -8)}`,
      undefined,
      'MalformedPOSTRequest',
    ],
    ['that breaks off before it', field('key', 'cut'), undefined, 'MalformedPOSTRequest'],
    ['without a file', `${field('key', 'cut')}--XX--\r\n`, undefined, 'InvalidArgument'],
    [
      'with two files',
      `${field('key', 'cut')}${file}\r\n${file}\r\n--XX--\r\n`,
      undefined,
      'InvalidArgument',
    ],
    [
      'with two keys',
      `${field('key', 'cut')}${field('KEY', 'cut')}${file}\r\n--XX--\r\n`,
      undefined,
      'InvalidArgument',
    ],
    [
      'whose key comes after the file',
      `${file}\r\n${field('key', 'cut')}--XX--\r\n`,
      undefined,
      'InvalidArgument',
    ],
    [
      'with fields beyond all measure',
      `${field('key', 'cut')}${field('x-ignore-a', 'x'.repeat(21_000))}${file}\r\n--XX--\r\n`,
      undefined,
      'MaxPostPreDataLengthExceeded',
    ],
    [
      'with many small fields',
      `${Array.from({ length: 1100 }, (_, at) => field(`x-ignore-${at}`, '')).join('')}${file}\r\n--XX--\r\n`,
      undefined,
      'MaxPostPreDataLengthExceeded',
    ],
    ['of preamble alone', 'x'.repeat(300_000), undefined, 'MaxPostPreDataLengthExceeded'],
    ['that is empty', '', undefined, 'MalformedPOSTRequest'],
  ])('%s stores nothing', async (_name, body, type, code) => {
    expect(await bed.refused(await raw(body, type), 'cut', 'open')).toBe(`400 ${code}`)
  })

  it('has nothing after the file that counts', async () => {
    const body = `${field('key', 'first')}${file}\r\n${field('acl', 'public-read')}--XX--\r\nepilogue`
    expect((await raw(body)).status).toBe(204)
    const { content, attributes } = await bed.stored('first', 'open')
    expect([content.toString(), attributes.acl]).toEqual(['bytes', undefined])
  })

  it('of any bytes leaves the server standing', async () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const whole = `${field('key', 'fuzz')}${file}\r\n--XX--\r\n`
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole)
      for (let flips = random(4); flips >= 0; flips--) bytes[random(bytes.length)] = random(256)
      const body = bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length)
      const reply = await fetch(`${bed.server.endpoint}/open`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'multipart/form-data; boundary=XX' },
      })
      await reply.arrayBuffer()
      expect(reply.status, body.toString('latin1')).toBeLessThan(500)
    }
  })
})

describe('the reader of forms', () => {
  it('gives the fields before the file, and none of those after it, ever', async () => {
    const part = (name: string, value: string) =>
      `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const body = `${part('Key', 'k')}${part('file', 'bytes')}${part('acl', 'public-read')}--XX--\r\n`
    const form = await readForm(streamOf(Buffer.from(body)), 'multipart/form-data; boundary=XX')
    expect((await bytesOf(form.file)).toString()).toBe('bytes')
    expect([...form.fields]).toEqual([['key', 'k']])
  })

  it('reads no faster than the file is taken', async () => {
    let given = 0
    async function* body() {
      yield Buffer.from('--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\n')
      for (; given < 200; given++) yield Buffer.alloc(64 * 1024, 'x')
    }
    const form = await readForm(body(), 'multipart/form-data; boundary=XX')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(given).toBeLessThan(10)
    form.close()
    await expect(bytesOf(form.file)).rejects.toThrow()
  })

  it('fails as the body does', async () => {
    async function* body() {
      yield Buffer.from('--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\nbyt')
      throw new S3Error('IncompleteBody')
    }
    const form = await readForm(body(), 'multipart/form-data; boundary=XX')
    await expect(bytesOf(form.file)).rejects.toMatchObject({ code: 'IncompleteBody' })
  })
})
