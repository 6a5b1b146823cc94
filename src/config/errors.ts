/** The settings cannot be used. Names everything that is wrong, so that one round mends it all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Sentences without secrets, one for each wrong setting. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
