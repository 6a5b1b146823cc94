import type { Survival } from './crash-model.ts'
import type { MemoryFile, PendingSync } from './memory-file.ts'
import { UnsyncedLog } from './unsynced-log.ts'

export type MemoryNode = MemoryFile | MemoryDirectory

/** A rename within one folder is one change: a crash leaves the old name or the new one. */
export type NameChange =
  | { readonly kind: 'link'; readonly name: string; readonly node: MemoryNode }
  | { readonly kind: 'unlink'; readonly name: string }
  | {
      readonly kind: 'rename'
      readonly source: string
      readonly target: string
      readonly node: MemoryNode
    }

/** One folder of a `MemoryFileSystem`: its names and, when simulating, which are durable. */
export class MemoryDirectory {
  readonly kind = 'directory'
  readonly #names = new Map<string, MemoryNode>()
  readonly #durability: Durability | null

  constructor(simulate: boolean) {
    this.#durability = simulate ? makeDurability() : null
  }

  get(name: string): MemoryNode | undefined {
    return this.#names.get(name)
  }

  names(): string[] {
    return [...this.#names.keys()].sort()
  }

  get isEmpty(): boolean {
    return this.#names.size === 0
  }

  change(change: NameChange): void {
    applyName(this.#names, change)
    this.#durability?.log.add(change)
  }

  beginSync(): PendingSync {
    const log = this.#durability?.log
    const covered = log?.cover() ?? []
    return { confirm: () => log?.confirm(covered), doom: () => log?.doom(covered) }
  }

  /** The names a power loss leaves. */
  afterPowerLoss(survival: Survival, copyOf: (node: MemoryNode) => MemoryNode): MemoryDirectory {
    const { names, log } = this.#simulated()
    const left = new Map(names)
    for (const entry of log.entries) {
      if (entry.state === 'durable' || survival.keepsName()) applyName(left, entry.change)
    }
    const directory = new MemoryDirectory(true)
    for (const [name, node] of left) {
      const copy = copyOf(node)
      directory.#names.set(name, copy)
      directory.#simulated().names.set(name, copy)
    }
    return directory
  }

  /** All names as they are, and as little durable as before. */
  afterKill(copyOf: (node: MemoryNode) => MemoryNode): MemoryDirectory {
    const { names, log } = this.#simulated()
    const directory = new MemoryDirectory(true)
    for (const [name, node] of this.#names) directory.#names.set(name, copyOf(node))
    for (const [name, node] of names) directory.#simulated().names.set(name, copyOf(node))
    directory
      .#simulated()
      .log.adopt(
        log.entries.map(({ change, state }) => ({ change: mapNode(change, copyOf), state })),
      )
    return directory
  }

  #simulated(): Durability {
    if (this.#durability === null) throw new Error('this file system does not simulate a disk')
    return this.#durability
  }
}

interface Durability {
  readonly names: Map<string, MemoryNode>
  readonly log: UnsyncedLog<NameChange>
}

function makeDurability(): Durability {
  const names = new Map<string, MemoryNode>()
  return { names, log: new UnsyncedLog((change) => applyName(names, change)) }
}

function applyName(names: Map<string, MemoryNode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.name, change.node)
  else if (change.kind === 'unlink') names.delete(change.name)
  else {
    if (names.get(change.source) === change.node) names.delete(change.source)
    names.set(change.target, change.node)
  }
}

function mapNode(change: NameChange, copyOf: (node: MemoryNode) => MemoryNode): NameChange {
  return change.kind === 'unlink' ? change : { ...change, node: copyOf(change.node) }
}
