import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Bend,
  encoded,
  FormBed,
  set,
  signedFields,
  type Upload,
  unset,
  withPolicy,
} from '../support/form-bed.ts'

const asNobody: Bend = (fields) => {
  const scope = fields['x-amz-credential']?.split('/').slice(1) ?? []
  fields['x-amz-credential'] = ['NOBODY', ...scope].join('/')
}

/** Has the low byte of an `e`. */
const withTwins: Bend = (fields) => {
  fields['policy'] = fields['policy']?.replaceAll('e', '\u0165') ?? ''
}

let bed: FormBed
beforeAll(async () => {
  bed = await FormBed.open()
})
afterAll(() => bed[Symbol.asyncDispose]())

describe('a policy', () => {
  it.each([
    [
      'a value it does not have',
      { fields: { key: 'whole' }, bend: set('key', 'broken') },
      'AccessDenied',
    ],
    ['a prefix it does not have', { conditions: [['starts-with', '$key', 'up/']] }, 'AccessDenied'],
    ['a field it does not name', { bend: set('acl', 'public-read') }, 'AccessDenied'],
    ['an ACL it does not allow', { conditions: [['eq', '$acl', 'private']] }, 'AccessDenied'],
    [
      'a type it does not allow, among others',
      {
        fields: { key: 'broken', 'Content-Type': 'image/png, text/html' },
        conditions: [['starts-with', '$Content-Type', 'image/']],
      },
      'AccessDenied',
    ],
    ['time it has no more', { expiresInMs: -1000 }, 'AccessDenied'],
    ['too much', { conditions: [['content-length-range', 0, 6]] }, 'EntityTooLarge'],
    ['too little', { conditions: [['content-length-range', 8, 60]] }, 'EntityTooSmall'],
    [
      'a size below none',
      { conditions: [['content-length-range', -1, 60]] },
      'InvalidPolicyDocument',
    ],
    ['half a range', { conditions: [['content-length-range', 1]] }, 'InvalidPolicyDocument'],
    ['an unknown operator', { conditions: [['like', '$key', '*']] }, 'InvalidPolicyDocument'],
    ['two conditions in one', { conditions: [{ a: '1', b: '2' }] }, 'InvalidPolicyDocument'],
    ['a number for a value', { conditions: [{ 'x-amz-meta-a': 1 }] }, 'InvalidPolicyDocument'],
  ] as readonly (readonly [string, Upload, string])[])(
    'is kept against %s',
    async (_name, upload, code) => {
      const reply = await bed.post({ fields: { key: 'broken' }, ...upload })
      const status = code === 'AccessDenied' ? 403 : 400
      expect(await bed.refused(reply, 'broken')).toBe(`${status} ${code}`)
    },
  )

  it.each([
    ['not base64!', 'InvalidPolicyDocument'],
    [Buffer.from('{').toString('base64'), 'InvalidPolicyDocument'],
    [Buffer.from('[]').toString('base64'), 'InvalidPolicyDocument'],
    [Buffer.from('{"conditions":[{"a":"b"}]}').toString('base64'), 'InvalidPolicyDocument'],
    [
      Buffer.from('{"expiration":"2999-01-01T00:00:00Z"}').toString('base64'),
      'InvalidPolicyDocument',
    ],
    [
      Buffer.from('{"expiration":"2999-01-01T00:00:00Z","conditions":[]}').toString('base64'),
      'InvalidPolicyDocument',
    ],
    [
      Buffer.from('{"expiration":"soon","conditions":[{"a":"b"}]}').toString('base64'),
      'InvalidPolicyDocument',
    ],
    [
      Buffer.from('{"Expiration":"2999-01-01T00:00:00Z","conditions":[{"a":"b"}]}').toString(
        'base64',
      ),
      'InvalidPolicyDocument',
    ],
  ])('that is none is refused: %s', async (policy, code) => {
    const fields = signedFields('forms', { key: 'none' })
    const signing = withPolicy(fields, policy)
    expect(await bed.refused(await bed.send('forms', signing), 'none')).toBe(`400 ${code}`)
  })

  it('must name the bucket, and holds for no other', async () => {
    const elsewhere = signedFields('other-bucket', { key: 'moved' })
    expect(await bed.refused(await bed.send('forms', elsewhere), 'moved')).toBe('403 AccessDenied')
    const document = {
      expiration: '2999-01-01T00:00:00Z',
      conditions: [
        ['starts-with', '$key', ''],
        ['starts-with', '$x-amz-date', ''],
        ['starts-with', '$x-amz-credential', ''],
        ['starts-with', '$x-amz-algorithm', ''],
      ],
    }
    const anywhere = withPolicy(signedFields('forms', { key: 'moved' }), encoded(document))
    expect(await bed.refused(await bed.send('forms', anywhere), 'moved')).toBe('403 AccessDenied')
  })

  it('reads names in any case', async () => {
    const conditions = [['StArTs-WiTh', '$KeY', 'ca'], { aCl: 'private' }]
    const fields = { kEy: 'cased', AcL: 'private' }
    expect((await bed.post({ fields, conditions })).status).toBe(204)
  })
})

describe('a signature', () => {
  it.each([
    ['that is wrong', set('x-amz-signature', '0'.repeat(64)), '403 SignatureDoesNotMatch'],
    ['of another policy', set('policy', 'AAAA'), '403 SignatureDoesNotMatch'],
    ['of letters with half of their bits', withTwins, '403 SignatureDoesNotMatch'],
    ['of nobody', asNobody, '403 InvalidAccessKeyId'],
    ['of another day', set('x-amz-date', '20200101T000000Z'), '400 InvalidArgument'],
    ['by another algorithm', set('x-amz-algorithm', 'AWS4-HMAC-SHA1'), '400 InvalidArgument'],
    ['that is missing', unset('x-amz-signature'), '400 InvalidArgument'],
    ['without a policy', unset('policy'), '400 InvalidArgument'],
    ['without a credential', unset('x-amz-credential'), '400 InvalidArgument'],
    ['with a token', set('x-amz-security-token', 'token'), '400 InvalidToken'],
    ['of version 2', set('AWSAccessKeyId', 'key'), '400 InvalidRequest'],
  ] as readonly (readonly [string, Bend, string])[])(
    '%s lets nobody in, not even where everybody may',
    async (_name, bend, answer) => {
      for (const bucket of ['forms', 'open']) {
        const reply = await bed.post({ bucket, fields: { key: 'forged' }, bend })
        expect(await bed.refused(reply, 'forged', bucket)).toBe(answer)
      }
    },
  )

  it('in a header and in a form are one too many', async () => {
    const headers = { authorization: 'Bearer token' }
    const reply = await bed.post({ fields: { key: 'twice' }, headers })
    expect(await bed.refused(reply, 'twice')).toBe('400 InvalidArgument')
  })
})
