import { element, plainDocument } from './write-xml.ts'

/** What a form upload answers with when it asks for 201. AWS API Reference, POST Object. */
export function postResponse(result: {
  readonly location: string
  readonly bucket: string
  readonly key: string
  readonly etag: string
}): string {
  return plainDocument('PostResponse', [
    element('Location', result.location),
    element('Bucket', result.bucket),
    element('Key', result.key),
    element('ETag', result.etag),
  ])
}
