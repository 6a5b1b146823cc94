import type { CommitBatch, CommitResult } from './catalog.ts'

export type Submit = (batch: CommitBatch) => Promise<CommitResult>

interface WaitingCommit {
  readonly batch: CommitBatch
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
  /** Resolves once the commit is settled; never rejects. */
  readonly settled: Promise<void>
}

/** Commits that wait for room, in the order they came. */
export class WaitingCommits {
  #commits: WaitingCommit[] = []

  get isEmpty(): boolean {
    return this.#commits.length === 0
  }

  add(batch: CommitBatch): Promise<CommitResult> {
    let settle: () => void = () => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    const result = new Promise<CommitResult>((resolve, reject) => {
      this.#commits.push({ batch, resolve, reject, settled })
    })
    return result.finally(settle)
  }

  /** Submits the one that has waited longest. */
  admitOne(submit: Submit): void {
    const first = this.#commits.shift()
    if (first === undefined) return
    try {
      submit(first.batch).then(first.resolve, first.reject)
    } catch (error) {
      first.reject(error)
    }
  }

  rejectAll(error: Error): void {
    const commits = this.#commits
    this.#commits = []
    for (const { reject } of commits) reject(error)
  }

  /** Resolves when all that wait now are settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#commits.map(({ settled }) => settled))
  }
}
