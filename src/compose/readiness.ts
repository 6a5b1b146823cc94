/**
 * Whether requests can be served, as `/health/ready` tells it. Little is remembered here: what can
 * change is asked for when somebody asks.
 */

export interface Condition {
  /** One line for an operator; no secrets in it, since anybody may read it. */
  readonly text: string
  /** Requests cannot be served as they should: balancers had better look elsewhere. */
  readonly isBlocking: boolean
}

/** Looks at one part of the server. Cheap; called with every question. */
export type ConditionSource = () => Iterable<Condition>

/** More remarks than this tell nobody more than the first ones did. */
const REMARKS_MAX = 20

/** What the health endpoint asks; parts of the server are added as they are opened. */
export class Readiness {
  readonly #remarks = new Set<string>()
  readonly #sources: ConditionSource[] = []
  #phase: string | null = 'starting'

  /** What the start is doing; null when it is over. */
  set phase(phase: string | null) {
    this.#phase = phase
  }

  watch(source: ConditionSource): void {
    this.#sources.push(source)
  }

  /** Something that stays as it is until the next start, and stops nothing. */
  remark(text: string): void {
    if (this.#remarks.size < REMARKS_MAX) this.#remarks.add(text)
  }

  /** Up to a bound. */
  get remarkCount(): number {
    return this.#remarks.size
  }

  /** Null when requests can be served, or why they cannot. */
  notReady(): string | null {
    if (this.#phase !== null) return this.#phase
    const blocking = [...this.#conditions()].filter(({ isBlocking }) => isBlocking)
    return blocking.length === 0 ? null : blocking.map(({ text }) => text).join('\n')
  }

  /** What is not as it should be, and does not stop requests from being served. */
  degraded(): readonly string[] {
    const conditions = [...this.#conditions()].filter(({ isBlocking }) => !isBlocking)
    return [...conditions.map(({ text }) => text), ...this.#remarks]
  }

  *#conditions(): Generator<Condition> {
    for (const source of this.#sources) yield* source()
  }
}

/** Parts of the server as the roof has them, by what is asked of each. */
export interface WatchedParts {
  readonly probe: { readonly problem: string | null }
  readonly room: { readonly isShort: boolean; readonly reserveSize: number }
  readonly segments: { readonly findings: readonly { readonly file: string }[] }
}

/** More names than this tell nobody more. */
const NAMES_MAX = 5

/** What is the matter with the parts of the server at this moment. */
export function* conditionsOf({ probe, room, segments }: WatchedParts): Generator<Condition> {
  const { problem } = probe
  if (problem !== null) yield { text: problem, isBlocking: true }
  if (room.isShort) {
    const text =
      'the disk is full but for the reserve: writes are refused until more than ' +
      `${room.reserveSize} bytes are free, deletes go on`
    yield { text, isBlocking: false }
  }
  const files = new Set(segments.findings.map(({ file }) => file.split('/').slice(-2).join('/')))
  if (files.size === 0) return
  const names = [...files].slice(0, NAMES_MAX).join(', ')
  const more = files.size > NAMES_MAX ? ` and ${files.size - NAMES_MAX} more` : ''
  yield { text: `damaged or missing: ${names}${more}`, isBlocking: false }
}

/** A mirror that is not whole serves all the same. */
export function* mirrorConditions(problems: readonly string[]): Generator<Condition> {
  for (const text of problems) yield { text, isBlocking: false }
}

/** What is not as it should be in the journal, where recovery has gone past it. */
export function journalRemark(finding: {
  readonly segment: number
  readonly offset: number
  readonly field: string
}): string {
  return `damaged: journal segment ${finding.segment} at ${finding.offset} (${finding.field})`
}
