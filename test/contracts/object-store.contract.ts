/** What every ObjectStore must do; run on each implementation. */
import { describe } from 'vitest'
import { accessCases } from './object-store/access-cases.ts'
import { bucketCases } from './object-store/bucket-cases.ts'
import { concurrencyCases } from './object-store/concurrency-cases.ts'
import { conditionCases } from './object-store/condition-cases.ts'
import { copyCases } from './object-store/copy-cases.ts'
import { deleteCases } from './object-store/delete-cases.ts'
import { getCases } from './object-store/get-cases.ts'
import { listCases } from './object-store/list-cases.ts'
import { multipartCases } from './object-store/multipart-cases.ts'
import { multipartChecksumCases } from './object-store/multipart-checksum-cases.ts'
import { multipartListingCases } from './object-store/multipart-listing-cases.ts'
import { putCases } from './object-store/put-cases.ts'
import type { OpenSubject } from './object-store/subject.ts'
import { tierCases } from './object-store/tier-cases.ts'
import { usageCases } from './object-store/usage-cases.ts'
import { versionCases } from './object-store/version-cases.ts'
import { versionListingCases } from './object-store/version-listing-cases.ts'

/** Some cases move tens of MiB, and machines are shared. */
const TIMEOUT_MS = 30_000

export function objectStoreContract(name: string, open: OpenSubject): void {
  describe(`object store contract: ${name}`, { timeout: TIMEOUT_MS }, () => {
    describe('buckets', () => bucketCases(open))
    describe('putObject', () => putCases(open))
    describe('getObject and headObject', () => getCases(open))
    describe('conditions', () => conditionCases(open))
    describe('deleteObject and deleteObjects', () => deleteCases(open))
    describe('copyObject', () => copyCases(open))
    describe('listObjects', () => listCases(open))
    describe('multipart uploads', () => multipartCases(open))
    describe('multipart checksums', () => multipartChecksumCases(open))
    describe('listParts and listMultipartUploads', () => multipartListingCases(open))
    describe('access', () => accessCases(open))
    describe('usage', () => usageCases(open))
    describe('tiers', () => tierCases(open))
    describe('versions', () => versionCases(open))
    describe('listObjectVersions', () => versionListingCases(open))
    describe('concurrency', () => concurrencyCases(open))
  })
}
