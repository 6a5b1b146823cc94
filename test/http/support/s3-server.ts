import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { HttpServer, type HttpServerOptions } from '../../../src/http/server.ts'
import type { Credential, Identity } from '../../../src/identity/identity.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { Dispatcher, type DispatcherOptions } from '../../../src/s3/dispatch.ts'
import type { RequestEvent } from '../../../src/s3/events.ts'
import { LocalObjectStore } from '../../../src/store/local-object-store.ts'
import type { ObjectStore } from '../../../src/store/object-store.ts'
import type { StoreOptions } from '../../../src/store/store-context.ts'
import { MemoryBlobStore } from '../../store/memory-blob-store.ts'
import { MemoryCatalog } from '../../store/memory-catalog.ts'

export const region = 'us-east-1'
export const credential: Credential = {
  accessKey: 'TESTACCESSKEY',
  secretKey: 'test/secret+key',
  principal: { kind: 'root', accessKey: 'TESTACCESSKEY' },
}

const identity: Identity = {
  find: (accessKey) => (accessKey === credential.accessKey ? credential : null),
}

export interface S3ServerOptions {
  readonly limits?: HttpServerOptions['limits']
  readonly domains?: readonly string[]
  readonly patience?: DispatcherOptions['patience']
  readonly storeOptions?: Partial<StoreOptions>
  /** Stands between the dispatcher and the store, to make it slow or fail. */
  readonly wrapStore?: (store: ObjectStore) => ObjectStore
}

/** The real protocol floors and store, over a catalog and an engine in memory. */
export class S3Server implements AsyncDisposable {
  readonly server: HttpServer
  readonly store: ObjectStore
  /** One for each finished request, oldest first. */
  readonly events: RequestEvent[]
  readonly client: S3Client
  isReady = true
  readonly #catalog: MemoryCatalog

  private constructor(
    parts: Pick<S3Server, 'server' | 'store' | 'events'> & { readonly catalog: MemoryCatalog },
  ) {
    this.server = parts.server
    this.store = parts.store
    this.events = parts.events
    this.#catalog = parts.catalog
    this.client = this.newClient()
  }

  static async open(options: S3ServerOptions = {}): Promise<S3Server> {
    const engine = new MemoryBlobStore()
    const catalog = new MemoryCatalog(engine)
    const real = await LocalObjectStore.open({
      catalog,
      engine,
      clock: systemClock,
      random: systemRandom,
      options: options.storeOptions ?? {},
    })
    const store = options.wrapStore?.(real) ?? real
    const events: RequestEvent[] = []
    const health = { notReady: () => (self.isReady ? null : 'not now') }
    const server = await HttpServer.open({
      host: '127.0.0.1',
      port: 0,
      dispatcher: new Dispatcher({
        store,
        identity,
        region,
        domains: options.domains ?? [],
        clock: systemClock,
        ...(options.patience !== undefined && { patience: options.patience }),
      }),
      health,
      onRequest: (event) => events.push(event),
      ...(options.limits !== undefined && { limits: options.limits }),
    })
    const self = new S3Server({ server, store, events, catalog })
    return self
  }

  get port(): number {
    return this.server.address.port
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  newClient(config: S3ClientConfig = {}): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: credential.accessKey, secretAccessKey: credential.secretKey },
      ...config,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy()
    await this.server.close()
    await this.#catalog[Symbol.asyncDispose]()
  }
}
