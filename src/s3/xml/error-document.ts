import type { S3Error } from '../errors.ts'
import { element, plainDocument } from './write-xml.ts'

export interface ErrorFacts {
  /** The path that was asked for, as sent. */
  readonly resource: string
  readonly requestId: string
  readonly hostId: string
}

/** AWS S3 API Reference, "REST error responses". */
export function errorDocument(error: S3Error, facts: ErrorFacts): string {
  return plainDocument('Error', [
    element('Code', error.code),
    element('Message', error.message),
    ...Object.entries(error.detail).map(([name, value]) => element(name, value)),
    element('Resource', facts.resource),
    element('RequestId', facts.requestId),
    element('HostId', facts.hostId),
  ])
}
