/**
 * The copies of a mirror: which are complete, what happens on all of them, and what becomes of one
 * that fails.
 *
 * Invariants: a change resolves only once every complete copy has it; a copy that failed is
 * complete no more, and that is durable on the others before any change resolves without it.
 */

import { errnoOf, type FileSystem } from '../file-system.ts'
import { EPOCHS_MAX, type MirrorRecord, writeMirrorRecord } from './mirror-record.ts'

/**
 * complete: has everything. filling: gets what is new, and is given the rest meanwhile. out: not
 * written, not read.
 */
export type CopyState = 'complete' | 'filling' | 'out'

export class MirrorCopy {
  /** UUID; kept in the copy's record. */
  readonly id: string
  readonly directory: string
  readonly fs: FileSystem
  state: CopyState
  /** Why it is out; null when it is not. */
  reason: string | null = null

  constructor(parts: Pick<MirrorCopy, 'id' | 'directory' | 'fs' | 'state'>) {
    this.id = parts.id
    this.directory = parts.directory
    this.fs = parts.fs
    this.state = parts.state
  }
}

export type MirrorEvent =
  /** A copy failed and is written and read no more. */
  | { readonly event: 'copy-lost'; readonly directory: string; readonly cause: unknown }
  | { readonly event: 'refill-started'; readonly directory: string }
  | { readonly event: 'refill-failed'; readonly directory: string; readonly cause: unknown }
  | {
      readonly event: 'refilled'
      readonly directory: string
      readonly fileCount: number
      readonly size: number
      readonly durationMs: number
    }
  /** A file could not be read from one copy, and was read from another. */
  | {
      readonly event: 'copy-unreadable'
      readonly directory: string
      readonly file: string
      readonly cause: unknown
    }
  /** What had decayed or was missing in one copy was written anew from another. */
  | {
      readonly event: 'copy-repaired'
      readonly directory: string
      readonly file: string
      readonly offset: number
      readonly size: number
    }

export type MirrorListener = (event: MirrorEvent) => void

export interface MirrorCopiesParts {
  readonly copies: readonly MirrorCopy[]
  /** What is durable on all complete copies. */
  readonly record: Omit<MirrorRecord, 'copy' | 'state'>
  /** A name that no generation has had. */
  readonly newEpoch: () => string
  readonly listener: MirrorListener
}

export interface Outcome<Result> {
  readonly copy: MirrorCopy
  readonly result: PromiseSettledResult<Result>
}

/** The disk is well but has no room, or the process has too many files: nothing of one copy only. */
const COMMON_CODES: readonly string[] = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EEXIST', 'EBADF']

/** What a disk that is well says of what is, or is not, there. */
const ANSWER_CODES: readonly string[] = ['ENOENT', 'EEXIST', 'EISDIR', 'ENOTDIR']

interface Failed {
  readonly copy: MirrorCopy
  readonly cause: unknown
  readonly code: string
}

export class MirrorCopies {
  readonly all: readonly MirrorCopy[]
  readonly emit: MirrorListener
  readonly #newEpoch: () => string
  #record: Omit<MirrorRecord, 'copy' | 'state'>
  /** The complete copies are not those that the record names. */
  #isUnrecorded = false
  #recording: Promise<void> | null = null

  constructor(parts: MirrorCopiesParts) {
    this.all = parts.copies
    this.emit = parts.listener
    this.#record = parts.record
    this.#newEpoch = parts.newEpoch
  }

  /** The one that reads prefer first. */
  get complete(): readonly MirrorCopy[] {
    return this.all.filter(({ state }) => state === 'complete')
  }

  /** Those that every change goes to. */
  get written(): readonly MirrorCopy[] {
    return this.all.filter(({ state }) => state !== 'out')
  }

  /** As it is durable on the complete copies. */
  get record(): Omit<MirrorRecord, 'copy' | 'state'> {
    return this.#record
  }

  /** Makes a change on every copy, at the same time; resolves once it may be relied on. */
  async change<Result>(
    call: (copy: MirrorCopy) => Promise<Result>,
    tolerated: readonly string[] = [],
  ): Promise<readonly Outcome<Result>[]> {
    const { written } = this
    const results = await Promise.allSettled(written.map((copy) => call(copy)))
    const outcomes = results.map((result, index) => ({ copy: written[index]!, result }))
    await this.judge(outcomes, tolerated)
    return outcomes
  }

  /**
   * Decides what the outcomes of one change mean: rejects with the first failure when no complete
   * copy has the change, or when the failure is of no copy in particular; otherwise gives up the
   * copies that failed. `tolerated` codes are no failure as long as one copy had none.
   */
  async judge(outcomes: readonly Outcome<unknown>[], tolerated: readonly string[]): Promise<void> {
    const failed: Failed[] = []
    let hasSucceeded = false
    for (const { copy, result } of outcomes) {
      if (result.status === 'fulfilled') hasSucceeded ||= copy.state === 'complete'
      else failed.push({ copy, cause: result.reason, code: errnoOf(result.reason) ?? '' })
    }
    if (failed.length > 0) {
      const untolerated = failed.filter(({ code }) => !tolerated.includes(code))
      for (const { copy, cause } of untolerated) {
        if (copy.state === 'filling') this.giveUp(copy, cause)
      }
      if (!hasSucceeded) return this.#failed(failed)
      const missing = untolerated.filter(({ copy }) => copy.state === 'complete')
      const common = missing.find(({ code }) => COMMON_CODES.includes(code))
      if (common !== undefined) throw common.cause
      for (const { copy, cause } of missing) this.giveUp(copy, cause)
    }
    if (this.#isUnrecorded) await this.recorded()
  }

  /** No copy has the change. Those that could tell why not are right about it. */
  async #failed(failed: readonly Failed[]): Promise<never> {
    const complete = failed.filter(({ copy }) => copy.state === 'complete')
    const answer = complete.find(({ code }) => ANSWER_CODES.includes(code))
    if (answer !== undefined) {
      for (const { copy, cause, code } of complete) {
        if (![...ANSWER_CODES, ...COMMON_CODES].includes(code)) this.giveUp(copy, cause)
      }
    }
    if (this.#isUnrecorded) await this.recorded()
    throw (answer ?? complete[0] ?? failed[0])?.cause
  }

  /** Writes and reads a copy no more. Whoever acknowledges a change awaits `recorded` first. */
  giveUp(copy: MirrorCopy, cause: unknown): void {
    if (copy.state === 'out') return
    if (copy.state === 'complete') this.#isUnrecorded = true
    copy.state = 'out'
    copy.reason = errnoOf(cause) ?? (cause instanceof Error ? cause.message : 'it failed')
    this.emit({ event: 'copy-lost', directory: copy.directory, cause })
  }

  /** At start: makes durable which copies are complete, unless the record says so already. */
  async settle(): Promise<void> {
    const named = this.#record.members.map(({ copy }) => copy)
    const { complete } = this
    const isSame =
      named.length === complete.length && complete.every(({ id }) => named.includes(id))
    if (!isSame) this.#isUnrecorded = true
    await this.recorded()
  }

  /** A copy that was filled has everything: to be called while no change is under way. */
  async admit(copy: MirrorCopy): Promise<void> {
    copy.state = 'complete'
    this.#isUnrecorded = true
    await this.recorded()
  }

  /** Resolves when the copies that are complete now are known durably to be just those. */
  async recorded(): Promise<void> {
    while (this.#isUnrecorded) {
      this.#recording ??= this.#writeRecord().finally(() => {
        this.#recording = null
      })
      await this.#recording
    }
  }

  async #writeRecord(): Promise<void> {
    const members = this.complete
    const { storeId, generation, epochs } = this.#record
    const next = {
      storeId,
      generation: generation + 1,
      epochs: [this.#newEpoch(), ...epochs].slice(0, EPOCHS_MAX),
      members: members.map(({ id, directory }) => ({ copy: id, directory })),
    }
    const results = await Promise.allSettled(
      members.map(({ fs, directory, id }) =>
        writeMirrorRecord(fs, directory, { ...next, copy: id, state: 'complete' }),
      ),
    )
    const failures = results.map((result) => (result.status === 'rejected' ? result.reason : null))
    const first = failures.find((failure) => failure !== null)
    if (failures.every((failure) => failure !== null)) throw first ?? new Error('no copy is left')
    this.#record = next
    for (const [index, failure] of failures.entries()) {
      const copy = members[index]
      if (failure !== null && copy !== undefined) this.giveUp(copy, failure)
    }
    // Others may have been given up, or have become complete, meanwhile.
    const named = members.map(({ id }) => id).join()
    this.#isUnrecorded = this.complete.map(({ id }) => id).join() !== named
  }
}
