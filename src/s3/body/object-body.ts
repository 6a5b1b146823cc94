import type { ObjectBody } from '../../store/object-store.ts'
import type { VerifiedRequest } from '../auth/verify.ts'
import type { S3Request } from '../request.ts'

/** The largest body of one PutObject or UploadPart. AWS S3 User Guide, "Uploading objects". */
export const BODY_SIZE_MAX = 5 * 1024 ** 3

/**
 * The body of a PutObject or UploadPart: framing removed, sizes, digests and chunk signatures
 * checked while it is read, Content-MD5 and checksum left to the store to compare. Reads nothing
 * itself, so that every refusal here comes before `100 Continue`.
 *
 * The stream throws S3Error `IncompleteBody`, `XAmzContentSHA256Mismatch`, `SignatureDoesNotMatch`,
 * `InvalidChunkSizeError`, `MalformedTrailerError`; then nothing may be kept of it.
 *
 * @throws S3Error `MissingContentLength`, `EntityTooLarge`, `InvalidDigest`, `InvalidRequest` (two
 *   checksums, a malformed one), `InvalidArgument`
 */
export function objectBody(request: S3Request, verified: VerifiedRequest): ObjectBody {
  throw new Error(`not written yet: ${request.id} ${verified.mode}`)
}
