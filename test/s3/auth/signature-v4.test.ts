import { createHmac, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { SigningKey, sign } from '../../../src/s3/auth/signature-v4.ts'

it('signs as HMAC-SHA256 does, whatever the length of the text', () => {
  for (let size = 0; size < 700; size += 7) {
    const key = randomBytes(32)
    const text = randomBytes(size).toString('latin1')
    const expected = createHmac('sha256', key).update(text, 'latin1').digest('hex')
    const signing = new SigningKey(key)
    expect(sign(signing, text)).toBe(expected)
    // What the longer text left behind must not matter.
    expect(sign(signing, 'x')).toBe(createHmac('sha256', key).update('x').digest('hex'))
  }
})
