/** What was opened, to be closed in reverse, each once, and all of it whatever fails. */
export class ClosingStack implements AsyncDisposable {
  readonly #resources: AsyncDisposable[] = []

  /** Returns what it is given, which it owns from now on. */
  own<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.#resources.push(resource)
    return resource
  }

  /** Rejects with the first failure once everything was tried. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (let resource = this.#resources.pop(); resource; resource = this.#resources.pop()) {
      try {
        await resource[Symbol.asyncDispose]()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
