/** Where the roof writes what happened. Lines are one JSON object each; secrets never get here. */
export interface Log {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  /** Writes out what is buffered; synchronous, for the last moment of a process. */
  flush(): void
}

export type LogFields = Readonly<Record<string, unknown>>

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

const nothing = () => {}

/** Of library mode: a library does not write to its host's streams unless asked to. */
export const silentLog: Log = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  flush: nothing,
}
