import type { BucketName } from '../../../model/bucket-name.ts'
import { requireEverybody } from '../../auth/everybody.ts'
import { authorise } from '../../auth/policy.ts'
import {
  isListed,
  type PostPolicy,
  parsePostPolicy,
  requirePostPolicy,
  type SizeRange,
} from '../../auth/post-policy.ts'
import { verifyForm } from '../../auth/verify-form.ts'
import { S3Error } from '../../errors.ts'
import {
  type FormFields,
  headersOfForm,
  refuseUnknownFields,
  tagsOfForm,
} from '../../form/form-fields.ts'
import { formReply } from '../../form/form-reply.ts'
import { type Form, readForm } from '../../form/read-form.ts'
import { checksumHeaders } from '../../object-headers.ts'
import { type OperationContext, operation } from '../../operation.ts'
import { refuseWriteHeaders } from '../../refused-headers.ts'
import type { S3Reply, S3Request } from '../../request.ts'
import { requireBucket, requireKey } from '../../resource-names.ts'
import { writtenVersionHeader } from '../../version-id.ts'
import { parseBodyChecksum } from '../../wire/checksum-headers.ts'
import { parseObjectAttributes } from '../../wire/object-attributes.ts'

const ACTION = 's3:PutObject'
/** In a key: what the browser calls the file. */
const FILE_NAME = /\$\{filename\}/g
const FORM_TYPE = /^multipart\/form-data\s*(;|$)/i

/** PostObject: an object from a browser's form, signed by its policy or let in by an ACL. */
export const postObject = operation({
  name: 'PostObject',
  route: { method: 'POST', resource: 'bucket' },
  action: ACTION,
  isForm: true,

  async decode(request) {
    const bucket = requireBucket(request.bucket)
    const contentType = request.headers.get('content-type') ?? ''
    if (!FORM_TYPE.test(contentType)) {
      const condition = 'Bucket POST must be of the enclosure-type multipart/form-data'
      throw new S3Error('PreconditionFailed', { Condition: condition })
    }
    return { bucket, request, form: await readForm(request.body, contentType) }
  },

  async handle(context, posted) {
    try {
      return await takeForm(context, posted)
    } finally {
      posted.form.close()
    }
  },
})

interface Posted {
  readonly bucket: BucketName
  readonly request: S3Request
  readonly form: Form
}

async function takeForm(context: OperationContext, posted: Posted): Promise<S3Reply> {
  const { bucket, request, form } = posted
  const { fields } = form
  const key = requireKey(keyOf(form))
  const policy = await letIn(
    context,
    posted,
    new Map([...fields, ['key', key], ['bucket', bucket]]),
  )

  const headers = headersOfForm(fields)
  refuseWriteHeaders(headers)
  const checksum = parseBodyChecksum(headers)
  const object = await context.store.putObject({
    bucket,
    key,
    attributes: { ...parseObjectAttributes(headers), tags: tagsOfForm(fields) },
    conditions: {},
    body: {
      stream: policy?.sizes == null ? form.file : withinSizes(form.file, policy.sizes),
      size: null,
      contentMd5: null,
      checksum: checksum && { algorithm: checksum.algorithm, expected: () => checksum.value },
      signal: request.signal,
    },
  })
  return formReply(fields, {
    bucket,
    object,
    headers: { ...checksumHeaders(object.checksum), ...writtenVersionHeader(object.versionId) },
    origin: `${request.isSecure ? 'https' : 'http'}://${request.headers.get('host') ?? ''}`,
    bucketPath: request.rawPath.endsWith('/') ? request.rawPath : `${request.rawPath}/`,
  })
}

/** Null for a form that nobody signed. @throws S3Error unless who sent it may */
async function letIn(
  context: OperationContext,
  { bucket, request, form }: Posted,
  values: FormFields,
): Promise<PostPolicy | null> {
  const { fields } = form
  refuseOtherBucket(fields, bucket)
  // Two ways to say who one is are one too many: neither is believed.
  if (context.principal.kind !== 'anonymous') throw twoWays()
  const principal = verifyForm(fields, context)
  context.tellPrincipal(principal)
  if (principal.kind === 'anonymous') {
    await requireEverybody(context.store, request, 'write')
    refuseUnknownFields(fields, () => false)
    return null
  }
  const policy = parsePostPolicy(fields.get('policy') ?? '')
  requirePostPolicy(policy, values, context.now)
  const decision = authorise(principal, { action: ACTION, bucket, key: values.get('key') ?? '' })
  if (!decision.allowed) {
    throw new S3Error('AccessDenied', {}, { cause: new Error(decision.reason) })
  }
  refuseUnknownFields(fields, (name) => isListed(policy, name))
  return policy
}

function keyOf({ fields, fileName }: Form): string {
  const key = fields.get('key')?.replaceAll(FILE_NAME, () => fileName) ?? ''
  if (key !== '') return key
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'key', ArgumentValue: '' },
    {
      message:
        "Bucket POST must contain a field named 'key'. " +
        'If it is specified, please check the order of the fields.',
    },
  )
}

/** The bucket is the one that was asked; a form cannot lead elsewhere. */
function refuseOtherBucket(fields: FormFields, bucket: BucketName): void {
  const named = fields.get('bucket')
  if (named === undefined || named === bucket) return
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'bucket', ArgumentValue: named },
    { message: 'The form names another bucket than its address.' },
  )
}

function twoWays(): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'Authorization' },
    { message: 'Only one auth mechanism allowed; the form is signed by its policy.' },
  )
}

async function* withinSizes(
  file: AsyncIterable<Uint8Array>,
  { min, max }: SizeRange,
): AsyncGenerator<Uint8Array, void, void> {
  let size = 0
  for await (const piece of file) {
    size += piece.length
    if (size > max) {
      const detail = { ProposedSize: String(size), MaxSizeAllowed: String(max) }
      throw new S3Error('EntityTooLarge', detail, { close: true })
    }
    yield piece
  }
  if (size < min) {
    throw new S3Error('EntityTooSmall', {
      ProposedSize: String(size),
      MinSizeAllowed: String(min),
    })
  }
}
