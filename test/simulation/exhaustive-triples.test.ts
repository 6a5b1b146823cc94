import { afterAll, describe, expect, it } from 'vitest'
import { exhaustiveQuotas } from './campaigns.ts'
import { alphabet, historiesOf, runTriple } from './triples.ts'

describe('every history of up to three operations on two keys, crashed at every call', () => {
  let states = 0
  let histories = 0
  afterAll(() => {
    console.info(`up to three operations: ${histories} histories, ${states} crash states`)
    expect(histories).toBe(alphabet.length + alphabet.length ** 2 + alphabet.length ** 3)
    expect(states).toBeGreaterThanOrEqual(exhaustiveQuotas.triples)
  })

  for (const first of alphabet) {
    it(`beginning with: ${first.name}`, async () => {
      let count = 0
      for (const length of [0, 1, 2]) {
        for (const rest of historiesOf(length)) {
          count += (await runTriple([first, ...rest])).stateCount
          histories++
        }
      }
      states += count
      expect(count).toBeGreaterThan(500)
    })
  }
})
