/**
 * All short histories over two keys of one bucket, from a store in which a segment is half dead:
 * what ACE does to file systems (Mohan and others, OSDI 2018).
 */
import { CrashRun, type CrashRunResult } from './crash-run.ts'
import { needsTiers, type Round, type Step } from './step.ts'

const bucket = 'alpha'
const MULTIPART_UPLOAD = 500
/** A move after a move is one to another tier. */
const classes = ['GLACIER_IR', 'STANDARD_IA'] as const

/** One operation: rounds that follow one another, of which the last one counts. */
export interface Operation {
  readonly name: string
  /** `nth` tells the same operation apart when it occurs again. */
  rounds(nth: number): readonly Round[]
}

const put = (key: string, size: number): Operation => ({
  name: `put ${size} bytes to ${key}`,
  rounds: (nth) => [{ steps: [putStep(key, { size, seed: 100 + size * 8 + nth * 2 })] }],
})
const remove = (key: string): Operation => ({
  name: `delete ${key}`,
  rounds: () => [{ steps: [{ kind: 'delete', bucket, key }] }],
})
const copy = (from: string, key: string): Operation => ({
  name: `copy ${from} to ${key}`,
  rounds: () => [{ steps: [{ kind: 'copy', source: { bucket, key: from }, bucket, key }] }],
})
const control = (name: 'compact' | 'restart' | 'kill'): Operation => ({
  name,
  rounds: () => [{ control: name }],
})

export const alphabet: readonly Operation[] = [
  put('a', 100),
  put('a', 1500),
  put('b', 1600),
  remove('a'),
  remove('b'),
  copy('a', 'b'),
  {
    name: 'upload b in parts',
    rounds: (nth) => {
      const upload = MULTIPART_UPLOAD + nth
      const part = (partNumber: number, size: number): Step => {
        const body = { size, seed: 900 + nth * 16 + partNumber * 2 }
        return { kind: 'upload-part', upload, partNumber, body }
      }
      return [
        { steps: [{ kind: 'create-upload', upload, bucket, key: 'b', mark: `up${nth}` }] },
        { steps: [part(1, 1200), part(2, 80)] },
        { steps: [{ kind: 'complete', upload, partNumbers: [1, 2] }] },
      ]
    },
  },
  {
    name: 'move a, and what has aged',
    rounds: (nth) => [
      {
        steps: [
          { kind: 'move-object', bucket, key: 'a', storageClass: classes[nth % 2] ?? 'STANDARD' },
        ],
      },
      { control: 'move' },
    ],
  },
  control('compact'),
  { name: 'snapshot', rounds: () => [{ control: 'flush' }, { control: 'snapshot' }] },
  control('restart'),
  control('kill'),
]

/** Two objects, and a sealed segment of which a part is dead. */
const setting: readonly Round[] = [
  { steps: [{ kind: 'create-bucket', bucket }] },
  { steps: [putStep('a', { size: 1100, seed: 12 }), putStep('dead', { size: 2500, seed: 14 })] },
  { steps: [putStep('b', { size: 90, seed: 16 }), { kind: 'delete', bucket, key: 'dead' }] },
  { control: 'restart' },
]

/** Every history of this length. */
export function* historiesOf(length: number): Generator<readonly Operation[]> {
  if (length === 0) {
    yield []
    return
  }
  for (const history of historiesOf(length - 1)) {
    for (const operation of alphabet) yield [...history, operation]
  }
}

/** Crashes a history at every call of its last operation: the others ended a shorter history. */
export function runTriple(history: readonly Operation[]): Promise<CrashRunResult> {
  const rounds = history.map((operation, nth) => operation.rounds(nth))
  const before = [...setting, ...rounds.slice(0, -1).flat()]
  return new CrashRun({
    seed: 1,
    concurrencyMax: 1,
    controls: [],
    roundCount: 0,
    rounds: [...before, ...(rounds.at(-1) ?? [])],
    isTiered: rounds.flat().some(needsTiers),
    quietRoundCount: before.length,
    crashRate: 1,
  }).run()
}

function putStep(key: string, body: { readonly size: number; readonly seed: number }): Step {
  return { kind: 'put', bucket, key, body, mark: `m${body.seed}` }
}
