/** One mistake in one place of the source, made while the source is built for a trial. */
export interface SourceMutant {
  /** Completes "a store that …". */
  readonly name: string
  /** Below `src`. */
  readonly file: string
  /** Occurs once; what it says instead. */
  readonly find: string
  readonly replace: string
  /** The check that notices it. */
  readonly caughtBy: TrialName
}

/**
 * - `crashes`: random histories, crashed at every boundary.
 * - `contention`: the same, of many clients on few keys.
 * - `commits`: histories of a catalog alone, crashed before every call.
 * - `faults`: scenarios in which one disk call fails.
 * - `damage`: bits, sectors, records and files that are not what they were.
 * - `traces`: the order of calls, as in `test/golden/disk-traces.txt`.
 */
export const trialNames = [
  'crashes',
  'contention',
  'commits',
  'faults',
  'damage',
  'traces',
] as const
export type TrialName = (typeof trialNames)[number]
