/** Versions in maps: what a versioned store must hold after a history, step for step. */
import type { VersionId } from '../../src/model/version-id.ts'
import type { Versioning } from '../../src/store/object-store.ts'

/** One version as a client knows it; no bytes: a delete marker. */
export interface ModelVersion {
  readonly id: VersionId
  readonly bytes: Buffer | null
  tag: string | null
}

const NULL_ID = 'null' as VersionId

/** The stacks of one bucket, each newest first. */
export class VersionModel {
  versioning: Versioning = 'unversioned'
  readonly #stacks = new Map<string, ModelVersion[]>()

  get keys(): readonly string[] {
    const keys = [...this.#stacks].filter(([, stack]) => stack.length > 0).map(([key]) => key)
    return keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  }

  get isEmpty(): boolean {
    return this.keys.length === 0
  }

  stack(key: string): ModelVersion[] {
    const known = this.#stacks.get(key)
    if (known !== undefined) return known
    const made: ModelVersion[] = []
    this.#stacks.set(key, made)
    return made
  }

  /** Null where there is nothing, or a delete marker. */
  current(key: string): ModelVersion | null {
    const [newest] = this.stack(key)
    return newest === undefined || newest.bytes === null ? null : newest
  }

  find(key: string, id: VersionId): ModelVersion | null {
    return this.stack(key).find((version) => version.id === id) ?? null
  }

  /** A new version comes; `id` is what the store said, null in an unversioned bucket. */
  push(key: string, id: VersionId | null, what: Pick<ModelVersion, 'bytes' | 'tag'>): void {
    const stack = this.stack(key)
    const name = id ?? NULL_ID
    if (name === NULL_ID) this.remove(key, NULL_ID)
    stack.unshift({ id: name, ...what })
  }

  remove(key: string, id: VersionId): void {
    const stack = this.stack(key)
    const index = stack.findIndex((version) => version.id === id)
    if (index >= 0) stack.splice(index, 1)
  }

  clear(): void {
    this.#stacks.clear()
    this.versioning = 'unversioned'
  }
}
