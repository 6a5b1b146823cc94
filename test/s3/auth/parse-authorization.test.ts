import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { parseAuthorization } from '../../../src/s3/auth/parse-authorization.ts'
import { verifyRequest } from '../../../src/s3/auth/verify.ts'
import { ACCESS_KEY, options } from '../support/aws-examples.ts'
import { PUT, reauthorised, refusal } from '../support/refusal.ts'
import { type RequestParts, s3Request } from '../support/s3-request.ts'
import { HOST, presigned, signed } from '../support/sign.ts'

describe('the scope of a credential', () => {
  it('must name the region, which the error tells', async () => {
    const error = refusal(await signed(PUT, { region: 'eu-west-1' }))
    expect(error).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      message:
        "The authorization header is malformed; the region 'eu-west-1' is wrong; " +
        "expecting 'us-east-1'",
      detail: { Region: 'us-east-1' },
    })
  })

  it("may say 'US' for us-east-1, as s3cmd does, and for nothing else", async () => {
    const parts = await signed(PUT, { region: 'US' })
    expect(verifyRequest(s3Request(parts), options).mode).toBe('header')
    expect(refusal(parts, { region: 'eu-west-1' }).detail).toEqual({ Region: 'eu-west-1' })
  })

  it.each([
    ['service', '/s3/', '/ec2/'],
    ['terminator', 'aws4_request', 'aws5_request'],
    ['date', '/20130524/', '/20130523/'],
    ['form of the date', '/20130524/', '/2013-05-24/'],
    ['number of parts', '/us-east-1/s3', '/us-east-1'],
    ['access key', `Credential=${ACCESS_KEY}/`, 'Credential=/'],
  ])('must have the right %s', async (_, from, to) => {
    const header = reauthorised(await signed(PUT), from, to)
    expect(refusal(header).code).toBe('AuthorizationHeaderMalformed')
    const query = await presigned(PUT)
    const encode = (text: string) => encodeURIComponent(text.replace('Credential=', ''))
    const target = query.target.replace(encode(from), encode(to))
    expect(target).not.toBe(query.target)
    expect(refusal({ ...query, target }).code).toBe('AuthorizationQueryParametersError')
  })
})

describe('an Authorization header', () => {
  const parts = (value: string): RequestParts => ({
    method: 'GET',
    target: '/bucket/key',
    headers: [
      ['host', HOST],
      ['x-amz-date', '20130524T000000Z'],
      ['authorization', value],
    ],
  })
  const credential = `Credential=${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request`

  it.each([
    ['AWS4-HMAC-SHA256', 'AuthorizationHeaderMalformed'],
    ['AWS4-HMAC-SHA256 nonsense', 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}`, 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host`, 'AuthorizationHeaderMalformed'],
    [`AWS4-HMAC-SHA256 ${credential}, Signature=0, SignedHeaders=`, 'AuthorizationHeaderMalformed'],
    [
      `AWS4-HMAC-SHA256 ${credential}, ${credential}, SignedHeaders=host, Signature=0`,
      'AuthorizationHeaderMalformed',
    ],
    [
      `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0, __proto__=1`,
      'AuthorizationHeaderMalformed',
    ],
    [`AWS ${ACCESS_KEY}:c2lnbmF0dXJl`, 'InvalidRequest'],
    [`AWS4-ECDSA-P256-SHA256 ${credential}, SignedHeaders=host, Signature=0`, 'InvalidRequest'],
    ['Basic dXNlcjpwYXNzd29yZA==', 'InvalidArgument'],
    ['Bearer token', 'InvalidArgument'],
  ])('%s: %s', (value, code) => {
    const error = refusal(parts(value))
    expect(error.code).toBe(code)
    expect(JSON.stringify({ ...error })).not.toContain('dXNlcjpwYXNzd29yZA')
  })

  it('that is empty is not none', () => {
    for (const value of ['', '  ']) expect(refusal(parts(value)).code).toBe('AccessDenied')
  })

  it('whose beginning was seen before is read as any other', () => {
    const read = (value: string) => parseAuthorization(s3Request(parts(value)))
    const beginning = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host;x-amz-date, Signature=`
    const first = read(`${beginning}${'a'.repeat(64)}`)
    expect(first).toMatchObject({
      accessKey: ACCESS_KEY,
      signedHeaders: ['host', 'x-amz-date'],
      signature: 'a'.repeat(64),
    })
    expect(read(`${beginning}b`)).toEqual({ ...first, signature: 'b' })
    expect(read(`${beginning} b `)).toEqual({ ...first, signature: 'b' })
    expect(read(beginning.replace(ACCESS_KEY, 'OTHER').concat('b'))).toEqual({
      ...first,
      accessKey: 'OTHER',
      signature: 'b',
    })
    for (const end of ['', ' ', 'b, Signature=c', 'b,', 'b, Credential=x', 'b, __proto__=1']) {
      expect(refusal(parts(beginning + end)).code, end).toBe('AuthorizationHeaderMalformed')
    }
  })

  it('is read the same whatever was seen before, also where others speak of a signature', () => {
    const read = (value: string) => parseAuthorization(s3Request(parts(value)))
    const headers = `AWS4-HMAC-SHA256 ${credential}, Signature=a, SignedHeaders=host;Signature=`
    const key = 'AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host, Credential=Signature='
    const scope = '/20130524/us-east-1/s3/aws4_request'
    for (const name of ['x', 'y']) {
      expect(read(headers + name)).toMatchObject({
        signedHeaders: ['host', `Signature=${name}`],
        signature: 'a',
      })
      expect(read(key + name + scope)).toMatchObject({
        accessKey: `Signature=${name}`,
        signature: 'a',
      })
    }
  })

  it('leaves no more in memory than is counted, however long its signature', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const heapSize = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = heapSize()
    for (let index = 0; index < 500; index++) {
      const long = Buffer.alloc(30_000, 'a').toString('latin1')
      const signer = credential.replace(ACCESS_KEY, `key${index}`)
      const value = `AWS4-HMAC-SHA256 ${signer},SignedHeaders=host,Signature=${long}`
      expect(parseAuthorization(s3Request(parts(value)))).toMatchObject({ signature: long })
    }
    expect(heapSize() - before).toBeLessThan(2 * 1024 * 1024)
  })

  it('needs no blanks between its components, and takes many', async () => {
    const request = await signed(PUT)
    for (const separator of [',', ' , ']) {
      const spaced = reauthorised(request, /, /g, separator)
      expect(verifyRequest(s3Request(spaced), options).mode).toBe('header')
    }
  })
})
