/**
 * Seals the data segments an earlier process left unsealed. Reads each of them once, payloads too:
 * what was torn off by a power loss is cut, what is damaged before valid records stays and is told.
 * Bounded by lanes times segment size.
 */
import { SEGMENT_HEADER_SIZE } from '../segment/segment-header.ts'
import type { Segments } from '../segment/segments.ts'
import { recordSpan } from '../segment/types.ts'
import type { EngineListener } from './events.ts'

export async function sealLeftovers(segments: Segments, emit: EngineListener): Promise<void> {
  for (const { id, state } of segments.list('data')) {
    if (state !== 'unsealed') continue
    try {
      await sealLeftover(segments, id, emit)
    } catch (cause) {
      // It is read through its places all the same; the next start tries again.
      emit({ event: 'seal-failed', segment: id, cause })
    }
  }
}

async function sealLeftover(segments: Segments, id: number, emit: EngineListener): Promise<void> {
  let end = SEGMENT_HEADER_SIZE
  let durableEnd = 0
  const damages: { start: number; end: number; field: string }[] = []
  for await (const step of segments.scan(id, { payloads: true })) {
    switch (step.step) {
      case 'record':
        end = step.header.place.offset + recordSpan(step.header.storedSize)
        durableEnd = Math.max(durableEnd, step.header.durableEnd)
        break
      case 'damage':
        damages.push(step)
        // Kept: only what has nothing valid after it is cut.
        end = step.end
        break
      case 'torn':
        emit({ event: 'torn-write-found', segment: id, start: step.start, end: step.end })
        break
    }
  }
  for (const damage of damages) {
    const { start, field } = damage
    if (start < durableEnd) {
      emit({ event: 'corruption-found', file: `segment ${id}`, offset: start, field })
    } else emit({ event: 'torn-write-found', segment: id, start, end: damage.end })
  }
  await segments.seal(id, end)
  emit({ event: 'segment-sealed', segment: id, dataSize: end })
}
