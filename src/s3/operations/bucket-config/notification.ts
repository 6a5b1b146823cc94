import { xmlDocument } from '../../xml/write-xml.ts'
import { constant } from './not-configured.ts'
import { putOff } from './switched-off.ts'

/** Event notifications: none can be set yet, and an empty configuration removes none. */
export const getBucketNotificationConfiguration = constant(
  {
    name: 'GetBucketNotificationConfiguration',
    query: ['notification'],
    action: 's3:GetBucketNotification',
  },
  xmlDocument('NotificationConfiguration', []),
)

export const putBucketNotificationConfiguration = putOff({
  name: 'PutBucketNotificationConfiguration',
  subresource: 'notification',
  action: 's3:PutBucketNotification',
  root: 'NotificationConfiguration',
  isOff: (document) => document.children.length === 0,
})
