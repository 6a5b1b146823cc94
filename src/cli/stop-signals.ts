/**
 * A Ctrl-C under `npm start` arrives twice: from the terminal, and from npm, which passes it on.
 * Only a signal later than this is a person who does not want to wait.
 */
const SAME_SIGNAL_MS = 500

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof exitCodes

export interface StopSignals {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly first: Promise<StopSignal>
  /** Gives the signals back to Node. */
  release(): void
}

/** The first signal asks for an orderly stop, a second one ends the process at once. */
export function listenForStop(onSecond: (exitCode: number) => void): StopSignals {
  let firstAt: number | null = null
  const { promise, resolve } = withResolvers<StopSignal>()
  const listen = (signal: StopSignal) => {
    if (firstAt === null) {
      firstAt = performance.now()
      resolve(signal)
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
      onSecond(exitCodes[signal])
    }
  }
  process.on('SIGINT', listen)
  process.on('SIGTERM', listen)
  return {
    first: promise,
    release: () => {
      process.off('SIGINT', listen)
      process.off('SIGTERM', listen)
    },
  }
}

/** Promise.withResolvers came with Node 22. */
function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
