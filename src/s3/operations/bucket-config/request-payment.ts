import { childText } from '../../xml/read-fields.ts'
import { element, xmlDocument } from '../../xml/write-xml.ts'
import { constant } from './not-configured.ts'
import { putOff } from './switched-off.ts'

const OWNER = 'BucketOwner'

/** Who pays: the owner, always. */
export const getBucketRequestPayment = constant(
  {
    name: 'GetBucketRequestPayment',
    query: ['requestPayment'],
    action: 's3:GetBucketRequestPayment',
  },
  xmlDocument('RequestPaymentConfiguration', [element('Payer', OWNER)]),
)

export const putBucketRequestPayment = putOff({
  name: 'PutBucketRequestPayment',
  subresource: 'requestPayment',
  action: 's3:PutBucketRequestPayment',
  root: 'RequestPaymentConfiguration',
  isOff: (document) => childText(document, 'Payer')?.trim() === OWNER,
})
