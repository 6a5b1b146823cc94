import { describe, expect, it } from 'vitest'
import type { ScrubEvent } from '../../../src/maintenance/scrub/events.ts'
import { Scrubber } from '../../../src/maintenance/scrub/scrubber.ts'
import type { Segments } from '../../../src/segment/segments.ts'
import type { Machine } from '../../simulation/machine.ts'
import { STORE_ID } from '../../simulation/stack.ts'
import { filesOf, flipBit, groundOf, makeBed, readBytes } from '../store-bed.ts'

const never = new AbortController().signal
const PERIOD_MS = 30 * 24 * 3_600_000

interface Bench {
  readonly scrubber: Scrubber
  readonly segments: Segments
  readonly events: ScrubEvent[]
}

async function open(machine: Machine, bytesPerSecondMax = 0): Promise<Bench> {
  const { fs: fileSystem, directory: path } = machine
  const segments = await groundOf(machine).openSegments(fileSystem, STORE_ID)
  const events: ScrubEvent[] = []
  const scrubber = new Scrubber({
    segments,
    fileSystem,
    path,
    clock: { now: () => 1_800_000_000_000 },
    isBusy: () => false,
    options: { periodMs: PERIOD_MS, bytesPerSecondMax, startDelayMs: 0 },
    listener: (event) => events.push(event),
  })
  return { scrubber, segments, events }
}

describe('the scrubber', () => {
  it('reads every sealed segment and every snapshot, and finds nothing where nothing is', async () => {
    const { machine } = await makeBed('closed')
    const { scrubber, segments, events } = await open(machine)
    const position = await scrubber.pass(never)
    const kinds = ['data', 'journal', 'snapshot'] as const
    const count = kinds.reduce((sum, kind) => sum + segments.list(kind).length, 0)
    expect(position).toMatchObject({ isOver: true, segmentCount: count, damageCount: 0 })
    expect(events.map(({ event }) => event)).toEqual(['scrub-pass-ended'])
  })

  it('finds a flipped bit in any payload, and goes on to the end', async () => {
    const bed = await makeBed('closed')
    for (const path of await filesOf(bed.machine)) {
      const machine = bed.machine.crash({ model: 'keep-all' })
      const bytes = await readBytes(machine.fs, path)
      // The first byte of the first payload that is not empty.
      await flipBit(machine.fs, path, { offset: 128 + 48, bit: 3 })
      expect(bytes.length).toBeGreaterThan(176)
      const { scrubber, events } = await open(machine)
      const position = await scrubber.pass(never)
      expect(position.isOver, path).toBe(true)
      expect(position.damageCount, path).toBeGreaterThan(0)
      expect(events.some(({ event }) => event === 'scrub-damage')).toBe(true)
    }
  })

  it('reports a file that has gone, and not one that was replaced', async () => {
    const { machine } = await makeBed('closed')
    const { scrubber, segments, events } = await open(machine)
    const [gone, replaced] = segments.list('data')
    await machine.fs.remove(`${machine.directory}/hot/${hex(gone?.id)}.seg`)
    await segments.removeSegment(replaced?.id ?? 0)
    await scrubber.pass(never)
    const damages = events.filter(({ event }) => event === 'scrub-damage')
    expect(damages).toMatchObject([{ segment: gone?.id, field: 'the file is missing' }])
  })

  it('goes on where the process before it stopped', async () => {
    const { machine } = await makeBed('closed')
    const first = await open(machine)
    const stopping = new AbortController()
    let saved = 0
    machine.fs.intercept(({ operation, path }) => {
      if (operation === 'rename' && path.includes('scrub.json') && ++saved === 3) stopping.abort()
      return null
    })
    await expect(first.scrubber.pass(stopping.signal)).rejects.toThrow()
    machine.fs.intercept(null)
    const second = await open(machine.crash({ model: 'lose-all' }))
    const position = await second.scrubber.pass(never)
    const whole = (await (await open(machine.crash({ model: 'keep-all' }))).scrubber.pass(never))
      .segmentCount
    expect(position.segmentCount).toBe(whole)
    const looked = second.segments
      .list('data')
      .concat(second.segments.list('journal'), second.segments.list('snapshot'))
    expect(looked.length).toBe(whole)
  })

  it('runs by itself, waits for the next period, and stops at once', async () => {
    const { machine } = await makeBed('closed')
    const { scrubber, events } = await open(machine)
    scrubber.start()
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(events.map(({ event }) => event)).toEqual(['scrub-pass-ended'])
    const startedAt = performance.now()
    await scrubber[Symbol.asyncDispose]()
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })
})

function hex(id = 0): string {
  return id.toString(16).padStart(8, '0')
}
