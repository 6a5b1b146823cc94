import { describe, expect, it } from 'vitest'
import { parseQuery } from '../../../src/s3/wire/query.ts'
import {
  hasResponseOverrides,
  parseResponseOverrides,
} from '../../../src/s3/wire/response-overrides.ts'

describe('response-* parameters', () => {
  it('become headers of the reply', () => {
    const query = parseQuery(
      'response-content-type=text%2Fplain&response-cache-control=no-cache' +
        '&response-content-disposition=attachment%3B%20filename%3D%22%C3%BC%22' +
        '&response-expires=never&response-content-language=&response-other=x',
    )
    expect(parseResponseOverrides(query)).toEqual({
      'content-type': 'text/plain',
      'content-disposition': 'attachment; filename="ü"',
      'cache-control': 'no-cache',
      expires: 'never',
    })
    expect(hasResponseOverrides(query)).toBe(true)
    expect(hasResponseOverrides(parseQuery('versionId=1'))).toBe(false)
  })

  // CVE-2015-5245, CVE-2020-10753, CVE-2021-3524: headers injected through values we echo.
  it.each([
    '%0d%0aSet-Cookie:a',
    'a%0db',
    'a%0ab',
    'a%00',
    '%7f',
    '%C2%85',
    '%E2%80%A8',
    '%E6%97%A5',
  ])('cve_2021_3524: refuse %s', (value) => {
    const query = parseQuery(`response-content-type=${value}`)
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => parseResponseOverrides(query)).toThrow(refused)
  })
})
