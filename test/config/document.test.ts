import { expect, it } from 'vitest'
import { configurationDocument } from '../../src/config/document.ts'

// After a change of the table: npx vitest run test/config/document.test.ts --update
it('docs/configuration.md is what the table says', async () => {
  await expect(configurationDocument()).toMatchFileSnapshot('../../docs/configuration.md')
})
