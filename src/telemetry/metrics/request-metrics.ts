import type { Counter, Histogram, Registry } from 'prom-client'
import type { RequestEvent, RequestListener } from '../../s3/events.ts'

/** What the library offers; it is loaded only where metrics are wanted. */
export type Prometheus = typeof import('prom-client')

/** Seconds: from a hit in memory to an upload over a slow line. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/**
 * Requests by operation and status. Buckets, keys and users are no labels: there may be millions,
 * and whoever reads metrics need not know them.
 */
export function requestMetrics(prometheus: Prometheus, registry: Registry): RequestListener {
  const registers = [registry]
  const requests: Counter<'operation' | 'status'> = new prometheus.Counter({
    name: 'varve_http_requests_total',
    help: 'S3 requests answered, by operation and HTTP status; status 0: the client went away.',
    labelNames: ['operation', 'status'],
    registers,
  })
  const seconds: Histogram<'operation'> = new prometheus.Histogram({
    name: 'varve_http_request_seconds',
    help: 'Time from the head of a request to the end of its reply.',
    labelNames: ['operation'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  const received = new prometheus.Counter({
    name: 'varve_http_received_bytes_total',
    help: 'Bytes of request bodies.',
    registers,
  })
  const sent = new prometheus.Counter({
    name: 'varve_http_sent_bytes_total',
    help: 'Bytes of reply bodies.',
    registers,
  })
  return (event: RequestEvent) => {
    const operation = event.operation ?? 'none'
    requests.inc({ operation, status: String(event.status) })
    seconds.observe({ operation }, event.durationMs / 1000)
    received.inc(event.bytesReceived)
    sent.inc(event.bytesSent)
  }
}
