import { describe, expect, it } from 'vitest'
import type { DiskOperation } from '../../src/platform/memory-fs.ts'
import { readText } from '../house/source-tree.ts'
import { callSitesIn, currentCallSite } from './call-sites.ts'
import { operationsOf, runWithFault } from './fault-run.ts'
import { faultsOf } from './faults.ts'
import { controlScenarios, stepScenarios, tierScenarios, togetherScenario } from './scenarios.ts'
import { openings } from './server-faults.ts'

const scenarios = [...stepScenarios, ...tierScenarios, togetherScenario, ...controlScenarios]

/** Everything of a running server that calls a disk. */
const places = ['src/segment/', 'src/catalog/', 'src/engine/', 'src/store/', 'src/identity/']
const openingPlaces = ['src/data-directory.ts', 'src/platform/atomic-file.ts']
/** Of those places, the calls that have failed, and that have been made. */
const failedSites = new Set<string>()
const calledSites = new Set<string>()

function noteCall({ operation }: DiskOperation, isFailing: boolean): void {
  const site = currentCallSite()
  if (site === null) return
  if (isFailing) failedSites.add(site)
  // `await using` closes without a call in the text.
  if (operation !== 'close') calledSites.add(site)
}

/** What these scenarios do not come by, and where it is made to fail, or why it is not. */
const elsewhere: readonly { readonly path: string; readonly text?: string }[] = [
  // Several directories: test/simulation/mirror.test.ts.
  { path: 'src/segment/segment-copies.ts' },
  { path: 'src/segment/settle-copies.ts' },
  { path: 'src/data-directory.ts', text: 'fs.list(directory)' },
  // Tier directories: test/segment/tier-directories.test.ts.
  { path: 'src/segment/tier-directories.ts' },
  // Closed by then: whoever sealed it has closed it.
  { path: 'src/segment/local-segments.ts', text: 'await handle.close()' },
  // Reads of the commands that check and repair, which change nothing.
  { path: 'src/catalog/kv/read-lmdb.ts' },
  // Only read where a header is damaged, or an index page is larger than the first read.
  { path: 'src/segment/salvage-nonce.ts' },
  { path: 'src/segment/record-reader.ts', text: 'payload.subarray(known.length)' },
]

function isElsewhere(site: string): boolean {
  const [path = '', line = ''] = site.split(':')
  const text = readText(path).split('\n')[Number(line) - 1] ?? ''
  return elsewhere.some((one) => one.path === path && text.includes(one.text ?? ''))
}

describe('when any one disk operation fails, the store fails cleanly and loses nothing', () => {
  for (const scenario of scenarios) {
    it(`during ${scenario.name}`, async () => {
      const operations = await operationsOf(scenario)
      let failures = 0
      let images = 0
      for (const [nth, planned] of operations.entries()) {
        for (const { name, fault } of faultsOf(planned)) {
          const where = `${name} in call ${nth} of ${operations.length}: ${describeCall(planned)}`
          const outcome = await runWithFault(scenario, (index, operation) => {
            if (index === nth) noteCall(operation, true)
            return index === nth ? fault : null
          }).catch((cause: unknown) => {
            throw new Error(where, { cause })
          })
          images += outcome.imageCount
          if (outcome.hasFailed) failures++
        }
      }
      console.info(
        `${scenario.name}: ${operations.length} calls, ${failures} failures, ${images} crashes`,
      )
      // The index of a simulation is not on its disk.
      if (scenario.name !== 'flush') expect(images).toBeGreaterThan(0)
    })
  }
})

describe('when every disk operation fails from one on, and later none', () => {
  for (const scenario of scenarios) {
    it(`during ${scenario.name}`, async () => {
      const operations = await operationsOf(scenario)
      for (const [nth, planned] of operations.entries()) {
        const dying = (index: number, operation: DiskOperation) => {
          if (index < nth) return null
          noteCall(operation, true)
          return { code: 'EIO' } as const
        }
        const { hasFailed } = await runWithFault(scenario, dying).catch((cause: unknown) => {
          throw new Error(`from call ${nth} on: ${describeCall(planned)}`, { cause })
        })
        // Nobody waits for what happens behind the first sync, or for the index.
        const isFirstSync = operations.findIndex(({ operation }) => operation === 'sync') === nth
        if (isFirstSync && 'steps' in scenario.round) expect(hasFailed).toBe(true)
      }
    })
  }
})

describe('when any one disk operation fails, nothing is left that cannot be opened', () => {
  for (const { name, run } of openings) {
    it(`during ${name}`, async () => {
      const operations: DiskOperation[] = []
      const isOpen = await run((operation) => {
        noteCall(operation, false)
        operations.push(operation)
        return null
      })
      expect(isOpen).toBe(true)
      let failures = 0
      for (const [nth, planned] of operations.entries()) {
        for (const { name: faultName, fault } of faultsOf(planned)) {
          let count = 0
          const opened = await run((operation) => {
            if (count++ !== nth) return null
            noteCall(operation, true)
            return fault
          }).catch((cause: unknown) => {
            throw new Error(`${faultName} in call ${nth}: ${describeCall(planned)}`, { cause })
          })
          if (!opened) failures++
        }
      }
      console.info(`${name}: ${operations.length} calls, ${failures} failures`)
      expect(failures).toBeGreaterThan(0)
    })
  }
})

describe('the calls to the disk in the source', () => {
  it('have all failed at least once', () => {
    const sites = callSitesIn(...places, ...openingPlaces).filter((site) => !isElsewhere(site))
    const spared = sites.filter((site) => !failedSites.has(site))
    console.info(`${sites.length} places call the disk, ${spared.length} of them never failed`)
    expect(spared).toEqual([])
    expect(sites.length).toBeGreaterThan(40)
  })

  it('are all known: none that was made is missing from the list', () => {
    const sites = callSitesIn('src/')
    expect([...calledSites].filter((site) => !sites.includes(site))).toEqual([])
  })
})

function describeCall({ operation, path, offset, length }: Parameters<typeof faultsOf>[0]): string {
  return [operation, path, offset, length].filter((part) => part !== undefined).join(' ')
}
