import type { S3Reply } from './request.ts'
import { DECLARATION, withoutDeclaration } from './xml/write-xml.ts'

/** The AWS SDK for Java gives a silent connection up after 30 s, others after 60. */
const PATIENCE_MS = 10_000

export interface PatientReplyOptions {
  /** The error document that takes the place of the answer when it fails after all. */
  readonly renderError: (cause: unknown) => string
  readonly patienceMs?: number
}

/**
 * The reply of an operation that may take minutes, such as the copy of a large object. One that is
 * ready soon, well or badly, is passed on. Else it becomes a 200 at once, whose body is white space
 * now and then and at last the document, or an error document: as S3 does, and SDKs expect.
 */
export async function patientReply(
  handled: Promise<S3Reply>,
  { renderError, patienceMs = PATIENCE_MS }: PatientReplyOptions,
): Promise<S3Reply> {
  const soon = await settledWithin(handled, patienceMs)
  if (soon) return handled
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: spaced(handled, renderError, patienceMs),
  }
}

async function* spaced(
  handled: Promise<S3Reply>,
  renderError: (cause: unknown) => string,
  patienceMs: number,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(DECLARATION)
  while (!(await settledWithin(handled, patienceMs))) yield Buffer.from(' ')
  yield Buffer.from(withoutDeclaration(await handled.then(documentOf, renderError)))
}

function documentOf({ body }: S3Reply): string {
  if (typeof body !== 'string') throw new Error('only a document can be answered late')
  return body
}

/** Whether it settled, either way, in time. */
function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    const settled = () => {
      clearTimeout(timer)
      resolve(true)
    }
    promise.then(settled, settled)
  })
}
