/**
 * THE TABLE of settings: every one once, with its default, its kind and a sentence. Flags,
 * environment variables, keys of the config file and docs/configuration.md are made from it.
 */
import { type BucketName, parseBucketName } from '../model/bucket-name.ts'
import { choice, integer, type Kind, list, optional, size, text } from './kind.ts'

/** Without name and password, which would be shown with all that is no secret. */
const ENDPOINT = /^https?:\/\/[^\s/?#@]+\/?$/

export interface Setting<Value> {
  readonly kind: Kind<Value>
  readonly default: Value
  /** What it does; the first words of every message about it. */
  readonly sentence: string
  /** What the number counts, when the kind does not tell. */
  readonly unit?: 'ms' | 'bytes' | 'bytes/s'
  /** Never printed, never logged, and no flag: a command line can be read by every user. */
  readonly isSecret?: true
  /** In place of the name in kebab-case. */
  readonly flag?: string
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const HOUR_MS = 3_600_000

const name = text('a name without spaces', /^\S{1,255}$/)
const path = text('a path', /^[^\0\r\n]+$/)
const domain = text('a domain name', /^(?!-)[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*$/)

const bucket: Kind<BucketName> = {
  expects: 'a bucket name',
  parse: (input) => (typeof input === 'string' ? parseBucketName(input) : null) ?? undefined,
  format: (value) => value,
}

export const settings = {
  dataDir: setting({
    kind: path,
    default: './data',
    flag: 'data',
    sentence: 'Directory that holds everything; made when it is missing.',
  }),
  warmDir: setting({
    kind: optional(path),
    default: null,
    sentence: 'Directory of the warm tier, on any disk; without it what would be warm stays hot.',
  }),
  coldDir: setting({
    kind: optional(path),
    default: null,
    sentence:
      'Directory of the cold tier, on any disk; without it what would be cold stays where it is.',
  }),
  mirrorDirs: setting({
    kind: list(path, 'paths, separated by commas'),
    default: [],
    sentence:
      'Directories, on other disks, that hold the same as the data directory; each must be there.',
  }),
  mirrorLost: setting({
    kind: list(path, 'paths, separated by commas'),
    default: [],
    sentence: 'Directories of a mirror that are gone for good: the start goes on from the others.',
  }),
  reserveSize: setting({
    kind: size({ min: 0, max: 1024 * GIB }),
    default: 512 * MIB,
    unit: 'bytes',
    sentence:
      'Room kept free for deletes and compaction, or a twentieth of the disk if that is less.',
  }),
  coldBucket: setting({
    kind: optional(name),
    default: null,
    sentence: 'Bucket on another S3 endpoint that is the cold tier, in place of a directory.',
  }),
  coldEndpoint: setting({
    kind: optional(
      text('a URL that begins with http:// or https://, without a user in it', ENDPOINT),
    ),
    default: null,
    sentence: 'Endpoint of the cold bucket; that of AWS for its region unless set.',
  }),
  coldPrefix: setting({
    kind: text('at most 512 characters of a key', /^[^\0\r\n]{0,512}$/),
    default: '',
    sentence: 'What all keys in the cold bucket begin with; one store has a prefix for itself.',
  }),
  coldRegion: setting({
    kind: text('lower-case letters, digits and hyphens', /^[a-z0-9-]{1,64}$/),
    default: 'us-east-1',
    sentence: 'Region that requests to the cold bucket are signed for.',
  }),
  coldAccessKey: setting({
    kind: optional(name),
    default: null,
    sentence: 'Access key for the cold bucket.',
  }),
  coldSecretKey: setting({
    kind: optional(text('a secret of one line', /^[^\0\r\n]{1,1024}$/)),
    default: null,
    isSecret: true,
    sentence: 'Secret key for the cold bucket.',
  }),
  warmAfterHours: setting({
    kind: integer({ min: 0, max: 876_000 }),
    default: 720,
    sentence:
      'Hours after which a hot data file that is hardly read goes to the warm tier, if there is one; 0: never by age.',
  }),
  coldAfterHours: setting({
    kind: integer({ min: 0, max: 876_000 }),
    default: 4320,
    sentence:
      'Hours after which a data file that is hardly read goes to the cold tier, if there is one; 0: never by age.',
  }),
  tierHeatMax: setting({
    kind: integer({ min: 0, max: 1_000_000_000 }),
    default: 100,
    sentence:
      'A data file stays in its tier while its reads, each counting half as much a day later, are more than this.',
  }),
  host: setting({
    kind: name,
    default: '127.0.0.1',
    sentence: 'Address to listen on; 0.0.0.0 or :: for all.',
  }),
  port: setting({
    kind: integer({ min: 0, max: 65_535 }),
    default: 9000,
    sentence: 'TCP port to listen on; 0 takes any free one.',
  }),
  region: setting({
    kind: text('lower-case letters, digits and hyphens', /^[a-z0-9-]{1,64}$/),
    default: 'us-east-1',
    sentence: 'Region that clients sign for and that buckets are in.',
  }),
  rootAccessKey: setting({
    kind: optional(
      text(
        '3 to 128 visible ASCII characters without commas and equal signs',
        /^[!-+\--<>-~]{3,128}$/,
      ),
    ),
    default: null,
    sentence: 'Access key of the root user; without it a random pair is made at the first start.',
  }),
  rootSecretKey: setting({
    kind: optional(
      text('8 to 128 characters that neither begin nor end with a space', /^\S.{6,126}\S$/u),
    ),
    default: null,
    isSecret: true,
    sentence: 'Secret key of the root user; given together with the access key.',
  }),
  buckets: setting({
    kind: list(
      bucket,
      'bucket names (3 to 63 lower-case letters, digits, dots and hyphens), separated by commas',
    ),
    default: [],
    sentence: 'Buckets made at start when they are missing.',
  }),
  newBucketAccess: setting({
    kind: choice(['private', 'acl']),
    default: 'private',
    sentence:
      'How buckets are made: private, with ACLs disabled and public access blocked, as on AWS since 2023; acl, where ACLs decide and nothing is blocked, as before.',
  }),
  domain: setting({
    kind: list(domain, 'domain names, separated by commas'),
    default: [],
    sentence:
      'Domains under which buckets are hosts (bucket.domain); path style always works as well.',
  }),
  logLevel: setting({
    kind: choice(['silent', 'error', 'warn', 'info', 'debug']),
    default: 'info',
    sentence:
      'What is logged: each request is a line of level info, or error when it is our fault.',
  }),
  drainTimeoutMs: setting({
    kind: integer({ min: 0, max: HOUR_MS }),
    default: 30_000,
    unit: 'ms',
    sentence: 'How long requests under way may go on after SIGTERM before they are cut off.',
  }),
  requestsMax: setting({
    kind: integer({ min: 1, max: 100_000 }),
    default: 2048,
    sentence: 'Requests in progress; further ones are told to slow down.',
  }),
  bodiesMax: setting({
    kind: integer({ min: 1, max: 100_000 }),
    default: 512,
    sentence:
      'Uploads in progress, within the requests; they cost more memory than reads. Forms, whose sender only their content tells, may be a quarter of them.',
  }),
  connectionsMax: setting({
    kind: integer({ min: 1, max: 1_000_000 }),
    default: 10_000,
    sentence: 'Open connections.',
  }),
  headersTimeoutMs: setting({
    kind: integer({ min: 100, max: HOUR_MS }),
    default: 30_000,
    unit: 'ms',
    sentence: 'How long the headers of a request may take.',
  }),
  keepAliveTimeoutMs: setting({
    kind: integer({ min: 100, max: HOUR_MS }),
    default: 620_000,
    unit: 'ms',
    sentence: 'How long an idle connection is kept; longer than a balancer in front keeps it.',
  }),
  bodyIdleTimeoutMs: setting({
    kind: integer({ min: 100, max: HOUR_MS }),
    default: 30_000,
    unit: 'ms',
    sentence: 'An upload that sends nothing for this long is given up.',
  }),
  bodyRateMin: setting({
    kind: integer({ min: 0, max: GIB }),
    default: 1024,
    unit: 'bytes/s',
    sentence: 'An upload that stays slower than this is given up.',
  }),
  replyIdleTimeoutMs: setting({
    kind: integer({ min: 100, max: HOUR_MS }),
    default: 60_000,
    unit: 'ms',
    sentence: 'A client that reads nothing of its reply for this long is cut off.',
  }),
  inlineSizeMax: setting({
    kind: size({ min: 0, max: MIB }),
    default: 64 * KIB,
    unit: 'bytes',
    sentence: 'Bodies up to this size lie in the journal beside their commit: one sync in all.',
  }),
  readCacheSize: setting({
    kind: size({ min: 0, max: 16 * GIB }),
    default: 64 * MIB,
    unit: 'bytes',
    sentence:
      'Memory for small bodies that were read, so that the next read costs no disk; 0: none.',
  }),
  metrics: setting({
    kind: choice(['off', 'token', 'public']),
    default: 'off',
    sentence: 'Who may read /metrics: nobody, whoever shows the token, or everybody.',
  }),
  metricsToken: setting({
    kind: optional(text('16 to 256 characters without spaces', /^[\x21-\x7e]{16,256}$/)),
    default: null,
    isSecret: true,
    sentence: 'What Prometheus presents as bearer token to read /metrics.',
  }),
  chunkSizeMax: setting({
    kind: size({ min: 4 * KIB, max: 16 * MIB }),
    default: MIB,
    unit: 'bytes',
    sentence: 'Piece of a body that is compressed, checked and read as one.',
  }),
  segmentSizeMax: setting({
    kind: size({ min: 32 * MIB, max: 2 * GIB }),
    default: 256 * MIB,
    unit: 'bytes',
    sentence: 'A data file is sealed before it grows beyond this, or beyond half of the reserve.',
  }),
  journalSegmentSizeMax: setting({
    kind: size({ min: MIB, max: GIB }),
    default: 64 * MIB,
    unit: 'bytes',
    sentence: 'A journal file is sealed when it has grown to this, or to half of the reserve.',
  }),
  journalRetentionMs: setting({
    kind: integer({ min: 0, max: 7 * 24 * HOUR_MS }),
    default: 60_000,
    unit: 'ms',
    sentence: 'How long the journal is kept for those who read along, once two snapshots hold it.',
  }),
  laneCount: setting({
    kind: integer({ min: 1, max: 64 }),
    default: 2,
    sentence: 'Data files written at the same time.',
  }),
  compaction: setting({
    kind: choice(['on', 'off']),
    default: 'on',
    sentence: 'Whether the space of what was deleted comes back by itself.',
  }),
  compactionDeadPercent: setting({
    kind: integer({ min: 1, max: 100 }),
    default: 30,
    sentence: 'A data file is rewritten when at least this part of it is dead.',
  }),
  compactionAgeMinMs: setting({
    kind: integer({ min: 0, max: 24 * HOUR_MS }),
    default: 60_000,
    unit: 'ms',
    sentence:
      'A data file younger than this is not rewritten; one without a live byte always goes.',
  }),
  compactionRateMax: setting({
    kind: size({ min: 0, max: 16 * GIB }),
    default: 64 * MIB,
    unit: 'bytes/s',
    sentence: 'Speed of rewriting data files, a quarter of it beside requests; 0 sets no limit.',
  }),
  compactionIntervalMs: setting({
    kind: integer({ min: 100, max: HOUR_MS }),
    default: 60_000,
    unit: 'ms',
    sentence: 'How often data files worth rewriting are looked for; deletions have it done sooner.',
  }),
  scrub: setting({
    kind: choice(['on', 'off']),
    default: 'on',
    sentence: 'Whether everything stored is read and verified in the background.',
  }),
  scrubPeriodMs: setting({
    kind: integer({ min: 1000, max: 366 * 24 * HOUR_MS }),
    default: 30 * 24 * HOUR_MS,
    unit: 'ms',
    sentence: 'Time in which everything stored is read and verified once.',
  }),
  scrubRateMax: setting({
    kind: size({ min: 0, max: 16 * GIB }),
    default: 32 * MIB,
    unit: 'bytes/s',
    sentence: 'Speed of that reading at most, a quarter of it beside requests; 0 sets no limit.',
  }),
} as const

export type SettingName = keyof typeof settings

/** Every setting with its effective value. */
export type Config = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value>
    ? Value
    : never
}

export const settingNames = Object.keys(settings) as readonly SettingName[]

/** A row of the table without the type of its value. */
export function settingOf(settingName: SettingName): Setting<unknown> {
  return settings[settingName] as Setting<unknown>
}

/** VARVE_DATA_DIR of dataDir. */
export function envNameOf(settingName: SettingName): string {
  return `VARVE_${snake(settingName).toUpperCase()}`
}

/** --data-dir of dataDir, unless the row says otherwise; null for a secret. */
export function flagOf(settingName: SettingName): string | null {
  const { flag, isSecret } = settingOf(settingName)
  if (isSecret === true) return null
  return `--${flag ?? snake(settingName).replaceAll('_', '-')}`
}

function setting<Value>(
  row: Setting<NoInfer<Value>> & { readonly kind: Kind<Value> },
): Setting<Value> {
  return row
}

function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
