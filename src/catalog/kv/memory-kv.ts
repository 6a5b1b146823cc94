import { simpleComparator } from 'sorted-btree'
import { BTree } from '../b-tree.ts'
import type { Entry, KeyRange } from '../catalog.ts'
import { CatalogError } from '../errors.ts'
import { asBuffer, keyAfter, keyBytes, keyText } from '../key-text.ts'
import type { KvPosition, KvView, KvWrite, OrderedKv } from './ordered-kv.ts'

type Tree = InstanceType<typeof BTree<string, Buffer>>

/** An index in memory: for memory mode and simulations. Dies with the process. */
export class MemoryKv implements OrderedKv {
  #tree: Tree = new BTree<string, Buffer>(undefined, simpleComparator)
  #position: KvPosition | null = null
  #isClosed = false
  /** Grows with every change of the tree, so that a suspended walk knows to look anew. */
  #version = 0

  get position(): KvPosition | null {
    return this.#position
  }

  get(key: Uint8Array): Buffer | null {
    this.#assertOpen()
    return this.#tree.get(keyText(key)) ?? null
  }

  range(range: KeyRange): Iterable<Entry> {
    this.#assertOpen()
    return walk(this.#tree, range, () => this.#version)
  }

  async apply(writes: readonly KvWrite[], position: KvPosition | null): Promise<void> {
    this.#assertOpen()
    this.#version++
    for (const { key, value } of writes) {
      if (value === null) this.#tree.delete(keyText(key))
      else this.#tree.set(keyText(key), asBuffer(value))
    }
    if (position !== null) this.#position = position
  }

  view(): KvView {
    this.#assertOpen()
    const tree = this.#tree.clone()
    return {
      position: this.#position,
      entryCount: tree.size,
      get: (key) => tree.get(keyText(key)) ?? null,
      range: (range) => walk(tree, range, () => 0),
      release: () => {},
    }
  }

  /** An index of its own that holds the same; what neither changes is in memory once. */
  copy(): MemoryKv {
    this.#assertOpen()
    const copy = new MemoryKv()
    copy.#tree = this.#tree.clone()
    copy.#position = this.#position
    return copy
  }

  async successor(): Promise<OrderedKv> {
    return new MemoryKv()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new CatalogError('closed', 'the index is closed')
  }
}

function* walk(tree: Tree, range: KeyRange, version: () => number): Generator<Entry> {
  let start = keyText(range.start)
  let end = keyText(range.end)
  const reverse = range.reverse === true
  for (;;) {
    const seen = version()
    const pairs = reverse ? tree.entriesReversed(end, undefined, true) : tree.entries(start)
    let last: string | null = null
    for (const [key, value] of pairs) {
      if (reverse ? key < start : key >= end) return
      last = key
      yield { key: keyBytes(key), value }
      if (version() !== seen) break
    }
    if (last === null || version() === seen) return
    if (reverse) end = last
    else start = keyAfter(last)
  }
}
