import { describe, expect, it } from 'vitest'
import { operations } from '../../src/s3/operations.ts'
import { compatibilityPage } from './support/compatibility-page.ts'

describe('conformance/COMPATIBILITY.md', () => {
  it('says what the table of operations says', async () => {
    const page = compatibilityPage(operations)
    await expect(page).toMatchFileSnapshot('../../conformance/COMPATIBILITY.md')
  })

  it('has a line for every operation', () => {
    const page = compatibilityPage(operations)
    for (const { name } of operations) expect(page).toContain(`| ${name} |`)
  })
})
