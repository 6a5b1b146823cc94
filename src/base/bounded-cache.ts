/**
 * A map bounded by the sum of its values' sizes. What has not been used since it was last looked at
 * goes first, the oldest before the newer (second chance): so a hit costs one look-up and a mark.
 */
export class BoundedCache<Key, Value> {
  readonly #sizeMax: number
  /** In the order in which they are looked at to make room. */
  readonly #entries = new Map<Key, Entry<Value>>()
  #size = 0

  /** `sizeMax` in the unit of `set`; 0 keeps nothing. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** Of everything held. */
  get size(): number {
    return this.#size
  }

  /** Counts as use. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.isUsed = true
    return entry.value
  }

  /** A value larger than the whole cache is not kept. */
  set(key: Key, value: Value, size: number): void {
    this.delete(key)
    if (size > this.#sizeMax) return
    if (this.#size + size > this.#sizeMax) this.#makeRoom(size)
    this.#entries.set(key, { value, size, isUsed: false })
    this.#size += size
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.size
  }

  clear(): void {
    this.#entries.clear()
    this.#size = 0
  }

  #makeRoom(size: number): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (entry.isUsed) {
        entry.isUsed = false
        this.#entries.set(key, entry)
        continue
      }
      this.#size -= entry.size
      if (this.#size + size <= this.#sizeMax) return
    }
  }
}

interface Entry<Value> {
  readonly value: Value
  readonly size: number
  isUsed: boolean
}
