/** What must hold between settings. */
import type { Config, SettingName } from './schema.ts'

export interface Agreement {
  /** The settings it is about: it can be told only when each is right by itself. */
  readonly between: readonly SettingName[]
  readonly holds: (config: Config) => boolean
  /** What to say when it does not hold. */
  readonly message: string
}

/** In the order in which they are reported. */
export const agreements: readonly Agreement[] = [
  {
    between: ['rootAccessKey', 'rootSecretKey'],
    holds: ({ rootAccessKey, rootSecretKey }) =>
      (rootAccessKey === null) === (rootSecretKey === null),
    message: 'rootAccessKey and rootSecretKey are given together or not at all',
  },
  {
    between: ['metrics', 'metricsToken'],
    holds: ({ metrics, metricsToken }) => (metrics === 'token') === (metricsToken !== null),
    message: 'metricsToken and metrics=token are given together or not at all',
  },
  {
    between: ['inlineSizeMax', 'chunkSizeMax'],
    holds: ({ inlineSizeMax, chunkSizeMax }) => inlineSizeMax <= chunkSizeMax,
    message: 'inlineSizeMax must not be above chunkSizeMax',
  },
  {
    between: ['coldDir', 'coldBucket'],
    holds: ({ coldDir, coldBucket }) => coldDir === null || coldBucket === null,
    message:
      'the cold tier is a directory or a bucket: coldDir and coldBucket are not given together',
  },
  {
    between: ['coldBucket', 'coldAccessKey', 'coldSecretKey'],
    holds: ({ coldBucket, coldAccessKey, coldSecretKey }) =>
      coldBucket === null || (coldAccessKey !== null && coldSecretKey !== null),
    message: 'coldBucket needs coldAccessKey and coldSecretKey',
  },
  {
    between: ['warmDir', 'coldDir'],
    holds: ({ warmDir, coldDir }) => warmDir === null || warmDir !== coldDir,
    message: 'warmDir and coldDir must be two directories',
  },
  {
    between: ['dataDir', 'mirrorDirs'],
    holds: ({ dataDir, mirrorDirs }) => !mirrorDirs.includes(dataDir),
    message: 'mirrorDirs must not name the data directory',
  },
  {
    between: ['dataDir', 'mirrorDirs', 'warmDir', 'coldDir'],
    holds: ({ dataDir, mirrorDirs, warmDir, coldDir }) =>
      mirrorDirs.length === 0 || [warmDir, coldDir].every((tier) => isWithin(dataDir, tier)),
    message:
      'with mirrorDirs, warmDir and coldDir lie in the data directory, and so in each mirror too: ' +
      'mount their disks there',
  },
  {
    between: ['bodiesMax', 'requestsMax'],
    holds: ({ bodiesMax, requestsMax }) => bodiesMax <= requestsMax,
    message: 'bodiesMax must not be above requestsMax',
  },
]

/** What is not set lies nowhere else. */
function isWithin(directory: string, path: string | null): boolean {
  return path === null || path.startsWith(`${directory}/`)
}
