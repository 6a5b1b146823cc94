import type { Round, Step } from './step.ts'

/** One thing to do to a store that already holds something. */
export interface Scenario {
  readonly name: string
  readonly round: Round
  /** What precedes it: a kill, after so many syncs of the journal have failed. */
  readonly kill?: { readonly failedSyncs: number; readonly isAtOnce: boolean }
}

const alpha = 'alpha'
const glacier = { storageClass: 'GLACIER' } as const
const body = (seed: number, size: number) => ({ seed, size })
const put = (key: string, seed: number, size: number): Step => ({
  kind: 'put',
  bucket: alpha,
  key,
  body: body(seed, size),
  mark: `s${seed}`,
})

/** What every scenario finds: objects of all sizes, a copy, tags, uploads, an empty bucket. */
export const setting: readonly Round[] = [
  { steps: [{ kind: 'create-bucket', bucket: alpha }] },
  { steps: [put('a', 11, 100), put('b', 12, 3000)] },
  { steps: [{ kind: 'create-bucket', bucket: 'empty' }, put('gone', 13, 700)] },
  // Dead bytes, for a compaction.
  { steps: [put('dead', 18, 9000), put('last', 19, 2000)] },
  { steps: [{ kind: 'delete', bucket: alpha, key: 'dead' }] },
  { control: 'flush' },
  { control: 'snapshot' },
  { steps: [{ kind: 'copy', source: { bucket: alpha, key: 'b' }, bucket: alpha, key: 'twin' }] },
  { steps: [{ kind: 'create-upload', upload: 0, bucket: alpha, key: 'b', mark: 'up0' }] },
  {
    steps: [
      { kind: 'upload-part', upload: 0, partNumber: 1, body: body(14, 2500) },
      { kind: 'upload-part', upload: 0, partNumber: 2, body: body(15, 90) },
      { kind: 'delete', bucket: alpha, key: 'gone' },
    ],
  },
  { control: 'restart' },
  // Waits for its tier; what is sealed above has the age for another.
  { steps: [put('last', 16, 40), { ...put('waits', 35, 70), storageClass: 'GLACIER_IR' } as Step] },
  { control: 'flush' },
  { steps: [put('last', 17, 1500)] },
]

const steps: readonly (readonly [name: string, ...steps: readonly Step[]])[] = [
  ['put inline', put('a', 21, 120)],
  ['put nothing', put('a', 22, 0)],
  ['put one chunk', put('a', 23, 900)],
  ['put several segments', put('b', 24, 12_000)],
  ['put a new key', put('new', 25, 200)],
  ['put if there is none', { ...put('new', 26, 50), ifNoneMatch: '*' } as Step],
  ['delete', { kind: 'delete', bucket: alpha, key: 'a' }],
  ['delete one of two copies', { kind: 'delete', bucket: alpha, key: 'b' }],
  ['delete many', { kind: 'delete-many', bucket: alpha, keys: ['a', 'b', 'no'] }],
  ['copy', { kind: 'copy', source: { bucket: alpha, key: 'a' }, bucket: alpha, key: 'b' }],
  ['move', { kind: 'move-object', bucket: alpha, key: 'b', storageClass: 'DEEP_ARCHIVE' }],
  ['tag', { kind: 'tag', bucket: alpha, key: 'b', tags: [{ key: 'k', value: 'v' }] }],
  ['create upload', { kind: 'create-upload', upload: 1, bucket: alpha, key: 'a', mark: 'up1' }],
  ['upload part', { kind: 'upload-part', upload: 0, partNumber: 2, body: body(27, 4000) }],
  ['upload small part', { kind: 'upload-part', upload: 0, partNumber: 3, body: body(28, 10) }],
  [
    'copy part',
    { kind: 'copy-part', upload: 0, partNumber: 1, source: { bucket: alpha, key: 'b' } },
  ],
  ['complete', { kind: 'complete', upload: 0, partNumbers: [1, 2] }],
  ['complete with one of two parts', { kind: 'complete', upload: 0, partNumbers: [2] }],
  ['abort', { kind: 'abort', upload: 0 }],
  ['create bucket', { kind: 'create-bucket', bucket: 'beta' }],
  ['delete bucket', { kind: 'delete-bucket', bucket: 'empty' }],
]

export const stepScenarios: readonly Scenario[] = steps.map(([name, ...together]) => ({
  name,
  round: { steps: together },
}))

/** Several at once, so that they share a group commit, and with it its failure. */
export const togetherScenario: Scenario = {
  name: 'several at once',
  round: {
    steps: [
      put('a', 31, 130),
      put('b', 32, 5000),
      put('new', 33, 60),
      { kind: 'delete', bucket: alpha, key: 'twin' },
      { kind: 'upload-part', upload: 0, partNumber: 4, body: body(34, 30) },
    ],
  },
}

/** More of what goes to another tier than the move above. */
export const tierScenarios: readonly Scenario[] = (
  [
    ['put in a colder class', { ...put('a', 41, 1500), storageClass: 'STANDARD_IA' } as Step],
    [
      'copy to a colder class',
      { kind: 'copy', source: { bucket: alpha, key: 'b' }, bucket: alpha, key: 'a', ...glacier },
    ],
    [
      'move of what rides in its commit',
      { kind: 'move-object', bucket: alpha, key: 'a', ...glacier },
    ],
  ] as const satisfies readonly (readonly [name: string, step: Step])[]
).map(([name, step]) => ({ name, round: { steps: [step] } }))

export const controlScenarios: readonly Scenario[] = [
  { name: 'flush', round: { control: 'flush' } },
  { name: 'snapshot', round: { control: 'snapshot' } },
  { name: 'compact', round: { control: 'compact' } },
  { name: 'what has aged is moved', round: { control: 'move' } },
  { name: 'restart', round: { control: 'restart' } },
  starting('start after a kill', { failedSyncs: 0, isAtOnce: false }),
  starting('start after a failed sync', { failedSyncs: 1, isAtOnce: true }),
  starting('start after a failed sync and another commit', { failedSyncs: 1, isAtOnce: false }),
]

function starting(name: string, kill: Required<Scenario>['kill']): Scenario {
  return { name, round: { control: 'kill' }, kill }
}
