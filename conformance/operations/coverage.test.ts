/** No row of the operations table without a case: suites are named by operation. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { operations } from '../../src/s3/operations.ts'

describe('The operations table', () => {
  it('has a case for every row that does something', async () => {
    const folder = import.meta.dirname
    const files = (await readdir(folder)).filter((name) => name !== 'coverage.test.ts')
    const texts = files.map((name) => readFile(path.join(folder, name), 'utf8'))
    const suites = (await Promise.all(texts)).join('\n')
    const missing = operations
      .filter((row) => (row.support ?? 'full') === 'full')
      .map((row) => row.name)
      .filter((name) => !new RegExp(`['"]${name}(['" ])`).test(suites))
    expect(missing).toEqual([])
  })
})
