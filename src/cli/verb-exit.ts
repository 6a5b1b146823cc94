import { MaintenanceError, type MaintenanceErrorKind } from '../maintenance/errors.ts'

/** Exit codes of the verbs that look after a store (docs/operations.md#exit-codes). */
export const exitCodes = {
  clean: 0,
  /** It could not be done: wrong usage, or the system refused. */
  failed: 1,
  /** Something is not as it should be. */
  findings: 2,
  /** There is no store or backup there, or none that this version reads. */
  unusable: 3,
  /** Another process has the store. */
  inUse: 4,
} as const

/** Ends a verb, which has said all there is to say, with an exit code. */
export class VerbExit extends Error {
  override readonly name = 'VerbExit'
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

const codesOfErrors = {
  'in-use': exitCodes.inUse,
  unusable: exitCodes.unusable,
  invalid: exitCodes.failed,
  'damaged-backup': exitCodes.findings,
} as const satisfies Record<MaintenanceErrorKind, number>

/** The exit code of an error that a person can do something about; null for any other. */
export function maintenanceExitCode(error: unknown): number | null {
  return error instanceof MaintenanceError ? codesOfErrors[error.kind] : null
}
