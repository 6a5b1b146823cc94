import type { VersionId } from '../../src/model/version-id.ts'
import type { StoreErrorKind } from '../../src/store/errors.ts'
import { Cell } from './cell.ts'
import type { ObjectValue } from './object-value.ts'
import type { Answer } from './reference-model.ts'
import { isSameObject } from './same-object.ts'
import type { BucketState, FoundVersion, StoreState } from './store-state.ts'

/** The bucket whose every write is a version of its own. */
export const VERSIONED = 'vault'

/** What one write left under its key, as long as nobody removes it. */
export type VersionValue = ObjectValue | 'delete marker'

export interface VersionRecord {
  /** Null until the store has told it. */
  id: VersionId | null
  readonly cell: Cell<VersionValue | null>
  /** Moments of the model: what was answered before another began lies below it. */
  readonly begun: number
  answered: number
}

/** The versions of one bucket, by key, in the order in which they were begun. */
export class VersionRecords {
  readonly #stacks = new Map<string, VersionRecord[]>()
  #now = 0

  get stacks(): ReadonlyMap<string, readonly VersionRecord[]> {
    return this.#stacks
  }

  stack(key: string): readonly VersionRecord[] {
    return this.#stacks.get(key) ?? []
  }

  /** Objects that a reader of the key may find; more than one can be current. */
  objects(key: string): readonly ObjectValue[] {
    return this.stack(key).flatMap(({ cell }) => cell.possible.filter(isObjectValue))
  }

  get isSurelyEmpty(): boolean {
    return this.#all.every(({ cell }) => cell.certain === null)
  }

  /** Something is there, whatever became of what is not known. */
  get isSurelyFilled(): boolean {
    return this.#all.some(({ cell }) => !cell.possible.includes(null))
  }

  /** A write that makes a version. */
  push(key: string, values: readonly VersionValue[]) {
    const cell = new Cell<VersionValue | null>(null)
    const begun = ++this.#now
    const record: VersionRecord = { id: null, cell, begun, answered: Number.POSITIVE_INFINITY }
    this.#stacks.set(key, [...this.stack(key), record])
    cell.begin(values)
    return {
      acknowledge: ({ etag, lastModified, checksum, versionId }: Answer) => {
        const told = values.filter((value) => isObjectValue(value) && value.etag === etag)
        const meant = told.length === 0 ? values : told
        for (const value of meant) {
          if (!isObjectValue(value) || lastModified === undefined) continue
          value.lastModified = lastModified
          value.checksum = checksum ?? null
        }
        record.id = versionId ?? null
        record.answered = ++this.#now
        const others = values.filter((value) => !meant.includes(value))
        cell.acknowledge(meant, others)
      },
      refuse: () => cell.refuse(values),
      fail: () => cell.fail(),
    }
  }

  /** A write that removes the version at this place of the stack. */
  remove(key: string, index: number) {
    const cell = this.stack(key)[index]?.cell ?? new Cell<VersionValue | null>(null)
    cell.begin([null])
    return {
      acknowledge: () => cell.acknowledge([null], []),
      refuse: () => cell.refuse([null]),
      fail: () => cell.fail(),
    }
  }

  /** A write that changes the object at this place of the stack. */
  change(key: string, index: number, changed: (value: ObjectValue) => ObjectValue) {
    const cell = this.stack(key)[index]?.cell ?? new Cell<VersionValue | null>(null)
    return cell.change((value) => (isObjectValue(value) ? changed(value) : null))
  }

  /** What an answer about the object at this place must be; undefined: cannot say. */
  expectedOf(key: string, index: number): StoreErrorKind | 'success' | undefined {
    const value = this.stack(key)[index]?.cell.certain
    if (value === undefined) return undefined
    if (value === null) return 'no-such-version'
    return value === 'delete marker' ? 'delete-marker' : 'success'
  }

  /** What a reader saw stays; a version of which only the store knew the id is known from now on. */
  observe(state: StoreState): void {
    for (const [key, records] of this.#stacks) {
      const found = [...(state.get(VERSIONED)?.versions.get(key) ?? [])]
      for (const { record, version } of matched(records, found)) {
        if (version !== null) record.id = version.id
        record.cell.observe((value) => isSameVersion(version, value))
      }
    }
  }

  *cells(): Iterable<Cell<VersionValue | null>> {
    for (const { cell } of this.#all) yield cell
  }

  get #all(): readonly VersionRecord[] {
    return [...this.#stacks.values()].flat()
  }
}

/** A frozen look at a record. */
export interface ExpectedVersion {
  readonly id: VersionId | null
  readonly values: readonly (VersionValue | null)[]
  readonly begun: number
  readonly answered: number
}

export type ExpectedVersions = ReadonlyMap<string, readonly ExpectedVersion[]>

export function expectedVersions(records: VersionRecords): ExpectedVersions {
  const frozen = ({ id, cell, begun, answered }: VersionRecord): ExpectedVersion => {
    return { id, values: cell.possible, begun, answered }
  }
  return new Map([...records.stacks].map(([key, stack]) => [key, stack.map(frozen)]))
}

/** What is wrong with the versions of a bucket, in words. */
export function checkVersions(found: BucketState, expected: ExpectedVersions): string[] {
  const problems: string[] = []
  for (const key of new Set([...found.versions.keys(), ...expected.keys()])) {
    const versions = found.versions.get(key) ?? []
    problems.push(...checkStack(key, versions, expected.get(key) ?? []))
    const [latest] = versions
    const current = found.objects.get(key)
    const isShown = latest === undefined || latest.object === null
    if (isShown ? current !== undefined : current?.head.versionId !== latest.id) {
      problems.push(`current of ${key}: ${current?.head.versionId}, not ${latest?.id}`)
    }
    if (versions.some(({ isLatest }, index) => isLatest !== (index === 0))) {
      problems.push(`the latest of ${key} is not the first`)
    }
  }
  return problems
}

function checkStack(
  key: string,
  found: readonly FoundVersion[],
  expected: readonly ExpectedVersion[],
): string[] {
  const problems: string[] = []
  const pairs = matched(
    expected.map((record) => ({ ...record, cell: { possible: record.values } })),
    [...found],
  )
  for (const { record, version } of pairs) {
    if (record.values.some((value) => isSameVersion(version, value))) continue
    problems.push(`version ${record.id} of ${key}: found ${version?.id ?? 'nothing'} instead`)
  }
  const known = new Set(pairs.map(({ version }) => version?.id))
  const strangers = found.filter(({ id }) => !known.has(id))
  problems.push(...strangers.map(({ id }) => `version ${id} of ${key} is nobody's`))
  const order = found.map(({ id }) => pairs.find(({ version }) => version?.id === id)?.record)
  for (const [index, newer] of order.entries()) {
    for (const older of order.slice(index + 1)) {
      if (newer === undefined || older === undefined || newer.answered >= older.begun) continue
      problems.push(`versions of ${key}: ${newer.id} lies above ${older.id}`)
    }
  }
  return problems
}

interface Matchable {
  readonly id: VersionId | null
  readonly cell: { readonly possible: readonly (VersionValue | null)[] }
}

/** Each record with what was found of it: by its id, or, while nobody knows that, by its value. */
function matched<Record extends Matchable>(
  records: readonly Record[],
  found: FoundVersion[],
): { readonly record: Record; readonly version: FoundVersion | null }[] {
  const left = new Map(found.map((version) => [version.id, version]))
  const named = records.filter(({ id }) => id !== null)
  const pairs = named.map((record) => {
    const version = (record.id === null ? undefined : left.get(record.id)) ?? null
    if (version !== null) left.delete(version.id)
    return { record, version }
  })
  for (const record of records) {
    if (record.id !== null) continue
    const version = [...left.values()].find((candidate) =>
      record.cell.possible.some((value) => value !== null && isSameVersion(candidate, value)),
    )
    if (version !== undefined) left.delete(version.id)
    pairs.push({ record, version: version ?? null })
  }
  return pairs
}

function isSameVersion(found: FoundVersion | null, value: VersionValue | null): boolean {
  if (found === null || value === null) return found === null && value === null
  if (found.object === null || value === 'delete marker') {
    return found.object === null && value === 'delete marker'
  }
  return isSameObject(found.object, value)
}

function isObjectValue(value: VersionValue | null): value is ObjectValue {
  return value !== null && value !== 'delete marker'
}
