/**
 * The worked examples of the AWS S3 API Reference: "Signature Calculations for the Authorization
 * Header" (single chunk, multiple chunks, trailing headers) and "Using Query Parameters".
 */
import type { Identity } from '../../../src/identity/identity.ts'
import type { RequestParts } from './s3-request.ts'

export const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE'
export const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
export const NOW = Date.UTC(2013, 4, 24)

const root = {
  accessKey: ACCESS_KEY,
  secretKey: SECRET_KEY,
  principal: { kind: 'root', accessKey: ACCESS_KEY },
} as const

export const identity: Identity = {
  find: (accessKey) => (accessKey === ACCESS_KEY ? root : null),
}

export const options = { identity, region: 'us-east-1', now: NOW }

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const HOST = ['Host', 'examplebucket.s3.amazonaws.com'] as const
const DATE = ['x-amz-date', '20130524T000000Z'] as const

function authorization(signedHeaders: string, signature: string): readonly [string, string] {
  return [
    'Authorization',
    `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,` +
      `SignedHeaders=${signedHeaders},Signature=${signature}`,
  ]
}

export const getObject: RequestParts = {
  method: 'GET',
  target: '/test.txt',
  headers: [
    HOST,
    authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
    ['Range', 'bytes=0-9'],
    ['x-amz-content-sha256', EMPTY],
    DATE,
  ],
}

export const putObjectBody = 'Welcome to Amazon S3.'

export const putObject: RequestParts = {
  method: 'PUT',
  target: '/test$file.text',
  headers: [
    HOST,
    ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
    authorization(
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ),
    DATE,
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ['x-amz-content-sha256', '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'],
  ],
}

export const getBucketLifecycle: RequestParts = {
  method: 'GET',
  target: '/?lifecycle',
  headers: [
    HOST,
    authorization(
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ),
    DATE,
    ['x-amz-content-sha256', EMPTY],
  ],
}

export const listObjects: RequestParts = {
  method: 'GET',
  target: '/?max-keys=2&prefix=J',
  headers: [
    HOST,
    authorization(
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ),
    DATE,
    ['x-amz-content-sha256', EMPTY],
  ],
}

export const presignedGet: RequestParts = {
  method: 'GET',
  target:
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    `&X-Amz-Credential=${ACCESS_KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request` +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: [HOST],
}

export const putChunked: RequestParts = {
  method: 'PUT',
  target: '/examplebucket/chunkObject.txt',
  headers: [
    ['Host', 's3.amazonaws.com'],
    DATE,
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    authorization(
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;' +
        'x-amz-decoded-content-length;x-amz-storage-class',
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    ),
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['Content-Encoding', 'aws-chunked'],
    ['x-amz-decoded-content-length', '66560'],
    ['Content-Length', '66824'],
  ],
}

export const chunkedContent = 'a'.repeat(66560)

export const chunkedFrames =
  '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n' +
  `${'a'.repeat(65536)}\r\n` +
  '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n' +
  `${'a'.repeat(1024)}\r\n` +
  '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n'

export const putTrailer: RequestParts = {
  method: 'PUT',
  target: '/examplebucket/chunkObject.txt',
  headers: [
    ['Host', 's3.amazonaws.com'],
    DATE,
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    authorization(
      'content-encoding;host;x-amz-content-sha256;x-amz-date;' +
        'x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    ),
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
    ['Content-Encoding', 'aws-chunked'],
    ['x-amz-decoded-content-length', '66560'],
    ['x-amz-trailer', 'x-amz-checksum-crc32c'],
    ['Content-Length', '66946'],
  ],
}

export const trailerFrames =
  '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n' +
  `${'a'.repeat(65536)}\r\n` +
  '400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n' +
  `${'a'.repeat(1024)}\r\n` +
  '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n' +
  'x-amz-checksum-crc32c:sOO8/Q==\r\n' +
  'x-amz-trailer-signature:' +
  'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n'
