import { expect, it } from 'vitest'
import { zeroCounters } from '../../../src/engine/events.ts'
import { parseBucketName } from '../../../src/model/bucket-name.ts'
import type { RequestEvent } from '../../../src/s3/events.ts'
import type { BucketUsage } from '../../../src/store/object-store.ts'
import { MetricsPage } from '../../../src/telemetry/metrics/metrics-page.ts'
import type { StoreSources } from '../../../src/telemetry/metrics/store-metrics.ts'

const request: RequestEvent = {
  requestId: '0',
  operation: 'GetObject',
  method: 'GET',
  rawPath: '/secret-bucket/secret-key',
  bucket: 'secret-bucket',
  key: 'secret-key',
  principal: null,
  status: 200,
  errorCode: null,
  cause: null,
  remoteAddress: '127.0.0.1',
  userAgent: null,
  bytesReceived: 0,
  bytesSent: 42,
  durationMs: 20,
  isComplete: true,
}

const empty = { bytes: 0, storedBytes: 0 }
const usage: BucketUsage = {
  objects: 3,
  olderVersions: 1,
  bytes: 100,
  storedBytes: 90,
  tiers: { hot: { bytes: 100, storedBytes: 90 }, warm: empty, cold: empty },
  uploads: 2,
  partBytes: 7,
}

function sources(parts: Partial<StoreSources> = {}): StoreSources {
  const none = { live: 0, dead: 0, reclaiming: 0 }
  const hot = { live: 5, dead: 4, reclaiming: 3 }
  return {
    engine: () => ({ ...zeroCounters(), bloomNegatives: 11 }),
    space: () => ({ ...hot, tiers: { hot, warm: none, cold: none } }),
    findingCount: () => 1,
    scrub: () => ({
      ...{ startedAt: 5000, after: 3, isOver: false },
      ...{ segmentCount: 3, verifiedSize: 77, damageCount: 2 },
    }),
    isReady: () => false,
    store: {
      listBuckets: async () => ({
        buckets: [
          {
            name: parseBucketName('photos')!,
            createdAt: 0,
            region: 'us-east-1',
            versioning: 'unversioned',
          },
        ],
        isTruncated: false,
      }),
      usage: async () => usage,
    },
    ...parts,
  }
}

it('counts requests by operation and status, without a word of what was in them', async () => {
  const page = await MetricsPage.open()
  page.onRequest(request)
  page.onRequest({ ...request, status: 404 })
  const text = await page.render()
  expect(text).toContain('varve_http_requests_total{operation="GetObject",status="200"} 1')
  expect(text).toContain('varve_http_requests_total{operation="GetObject",status="404"} 1')
  expect(text).toContain('varve_http_request_seconds_bucket{le="0.025",operation="GetObject"} 2')
  expect(text).toContain('varve_http_sent_bytes_total 84')
  expect(text).not.toContain('secret')
})

it('tells what the store holds at the moment it is asked', async () => {
  const page = await MetricsPage.open()
  let lookups = 1
  page.attach(sources({ engine: () => ({ ...zeroCounters(), lookups: lookups++ }) }))
  expect(await page.render()).toContain('varve_engine_lookups_total 1')
  const text = await page.render()
  expect(text).toContain('varve_engine_lookups_total 2')
  expect(text).toContain('varve_space_bytes{tier="hot",state="dead"} 4')
  expect(text).toContain('varve_bucket_stored_bytes{bucket="photos"} 90')
  expect(text).toContain('varve_bucket_tier_bytes{bucket="photos",tier="hot"} 100')
  expect(text).toContain('varve_bucket_tier_stored_bytes{bucket="photos",tier="cold"} 0')
  expect(text).toContain('varve_findings 1')
  expect(text).toContain('varve_ready 0')
  expect(text).toContain('varve_scrub_damages 2')
  expect(text).toContain('varve_scrub_verified_bytes 77')
  expect(text).toContain('varve_scrub_started_seconds 5')
})

it('drops a bucket that is gone, also between two questions', async () => {
  const page = await MetricsPage.open()
  let isGone = false
  const { store } = sources()
  const usageOf = () => (isGone ? Promise.reject(new Error('gone')) : Promise.resolve(usage))
  page.attach(sources({ store: { ...store, usage: usageOf } }))
  expect(await page.render()).toContain('varve_bucket_objects{bucket="photos"} 3')
  isGone = true
  expect(await page.render()).not.toContain('photos')
})
