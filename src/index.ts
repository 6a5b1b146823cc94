/**
 * Varve as a library: the same server as `varve serve`, in your process. Nothing is loaded before
 * `createServer` is called.
 */
import type { LogLevel } from './telemetry/log.ts'

/** Where the data is: in memory, gone with the process, or in a directory. */
export type ServerPlace =
  | { readonly memory: true; readonly dataDir?: undefined }
  | {
      readonly memory?: false
      /** Made when it is missing. One server at a time may have it. */
      readonly dataDir: string
    }

/** What a server can be told. Everything but the place has a default. */
export type ServerOptions = ServerPlace & {
  /** Address to listen on; '127.0.0.1' unless set. */
  readonly host?: string
  /** Port to listen on; 0 unless set, which takes any free one. */
  readonly port?: number
  /** Region that clients sign for; 'us-east-1' unless set. */
  readonly region?: string
  /** The root keys; without them a random pair is made, and kept in the data directory. */
  readonly credentials?: Credentials
  /** Buckets to make when they are missing. */
  readonly buckets?: readonly string[]
  /**
   * How buckets are made: 'private' (ACLs disabled, public access blocked) unless set; 'acl' for
   * buckets and objects that canned ACLs may open.
   */
  readonly newBucketAccess?: 'private' | 'acl'
  /** Domains under which buckets are hosts; path style always works. */
  readonly domains?: readonly string[]
  /** JSON lines on standard error; 'silent' unless set. */
  readonly logLevel?: LogLevel
  /** Bodies up to this many bytes lie in the journal beside their commit; 64 KiB unless set. */
  readonly inlineSizeMax?: number
  /** Requests in progress before further ones are told to slow down; 2048 unless set. */
  readonly requestsMax?: number
  /** How long `close` waits for requests under way; 30 000 ms unless set. */
  readonly drainTimeoutMs?: number
}

/** A pair of keys, in the shape the AWS SDKs take. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A server that answers requests, until it is closed. */
export interface Server extends AsyncDisposable {
  /** URL for clients, without a trailing slash. Buckets are paths: set `forcePathStyle`. */
  readonly endpoint: string
  readonly credentials: Credentials
  readonly region: string
  /** The port it really listens on. */
  readonly port: number
  /**
   * Takes no new requests, lets those under way finish, syncs, and frees the data directory.
   * Calling it again gives the same promise.
   */
  close(): Promise<void>
}

export type { LogLevel }

/**
 * Starts a server and resolves once it answers requests.
 *
 *     await using server = await createServer({ memory: true, buckets: ['test'] })
 *     const { endpoint, region, credentials } = server
 *     const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
 *
 * @throws ConfigError when options are wrong, naming each; DataDirectoryError when the directory is
 *   in use (`kind: 'in-use'`), of a newer format or damaged; the system's errors when it cannot
 *   listen
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { configFrom } = await import('./config/load.ts')
  const config = configFrom({
    // Whoever names no place, which types alone forbid, must not find a directory made somewhere.
    dataDir: options.memory === true ? '/memory' : (options.dataDir ?? ''),
    host: options.host,
    port: options.port ?? 0,
    region: options.region,
    rootAccessKey: options.credentials?.accessKeyId,
    rootSecretKey: options.credentials?.secretAccessKey,
    buckets: options.buckets,
    newBucketAccess: options.newBucketAccess,
    domain: options.domains,
    logLevel: options.logLevel ?? 'silent',
    inlineSizeMax: options.inlineSizeMax,
    requestsMax: options.requestsMax,
    drainTimeoutMs: options.drainTimeoutMs,
  })
  const { startServer } = await import('./compose/start-server.ts')
  const { diskGround, memoryGround } = await import('./compose/ground.ts')
  const ground = await (options.memory === true ? memoryGround() : diskGround())
  const running = await startServer({ config, ground, log: await openLog(config.logLevel) })
  const { endpoint, port, root } = running
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= running[Symbol.asyncDispose]()
    return closing
  }
  return {
    endpoint,
    credentials: { accessKeyId: root.accessKey, secretAccessKey: root.secretKey },
    region: config.region,
    port,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openLog(level: LogLevel) {
  const { silentLog } = await import('./telemetry/log.ts')
  if (level === 'silent') return silentLog
  return (await import('./telemetry/pino-log.ts')).openLog(level)
}
