import type { Registry } from 'prom-client'
import type { RequestListener } from '../../s3/events.ts'
import { type Prometheus, requestMetrics } from './request-metrics.ts'
import { type StoreSources, storeMetrics } from './store-metrics.ts'

/** The metrics of one server, as Prometheus reads them. */
export class MetricsPage {
  /** To be told of every request. */
  readonly onRequest: RequestListener
  readonly #prometheus: Prometheus
  readonly #registry: Registry
  #refresh: () => Promise<void> = async () => {}

  private constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus
    this.#registry = new prometheus.Registry()
    this.onRequest = requestMetrics(prometheus, this.#registry)
    // Of the process: time on the processor, memory, open files, lag of the event loop.
    prometheus.collectDefaultMetrics({ register: this.#registry })
  }

  /** Loads the library and begins to count. */
  static async open(): Promise<MetricsPage> {
    return new MetricsPage(await import('prom-client'))
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Once, when the store is open. */
  attach(sources: StoreSources): void {
    this.#refresh = storeMetrics(this.#prometheus, this.#registry, sources)
  }

  async render(): Promise<string> {
    await this.#refresh()
    return this.#registry.metrics()
  }
}
