import { History } from './history.ts'
import { Machine } from './machine.ts'
import { ReferenceModel } from './reference-model.ts'
import { RoundRunner } from './round-runner.ts'
import type { Stack } from './stack.ts'
import type { Control } from './step.ts'
import { readState, type StoreState } from './store-state.ts'

/** What happens to the server before these rounds. */
const controls: Readonly<Record<number, Control>> = {
  15: 'flush',
  25: 'restart',
  30: 'snapshot',
  45: 'kill',
  47: 'compact',
  50: 'flush',
}
const ROUND_COUNT = 60

export interface FilledStore {
  readonly machine: Machine
  /** Still open. */
  readonly stack: Stack
}

export interface FillOptions {
  readonly seed?: number
  readonly roundCount?: number
  /** Told of the store after every round. */
  readonly onRound?: (round: FilledRound) => Promise<void>
}

export interface FilledRound {
  readonly index: number
  readonly machine: Machine
  readonly state: StoreState
  readonly model: ReferenceModel
}

/** A store that has seen everything: one client, restarts, a kill, a snapshot, a compaction. */
export async function fillStore(options: FillOptions = {}): Promise<FilledStore> {
  const { seed = 77, roundCount = ROUND_COUNT, onRound } = options
  let machine = new Machine({ seed })
  let stack = await machine.open()
  const model = new ReferenceModel()
  const history = new History({ seed, concurrencyMax: 1, controls: [] })
  for (let index = 0; index < roundCount; index++) {
    const control = controls[index]
    if (control === 'restart' || control === 'kill') {
      if (control === 'kill') machine = machine.crash({ model: 'kill' })
      await stack.close()
      stack = await machine.open()
    } else if (control !== undefined) await stack[control]()
    const round = history.next(model)
    if ('steps' in round) await new RoundRunner(stack.store, model).run(round.steps, () => {})
    const state = await readState(stack.store)
    model.observe(state)
    await onRound?.({ machine, state, index, model })
  }
  return { machine, stack }
}
