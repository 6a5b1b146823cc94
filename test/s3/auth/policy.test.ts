import { describe, expect, it } from 'vitest'
import { authorise } from '../../../src/s3/auth/policy.ts'

const ACTIONS = [
  's3:GetObject',
  's3:PutObject',
  's3:ListBucket',
  's3:ListAllMyBuckets',
  's3:Made-up',
]

describe('the authoriser', () => {
  it.each(ACTIONS)('lets root do %s anywhere, and anonymous nowhere', (action) => {
    for (const [bucket, key] of [
      [null, null],
      ['bucket', null],
      ['bucket', 'key'],
    ] as const) {
      const root = { kind: 'root', accessKey: 'x' } as const
      expect(authorise(root, { action, bucket, key })).toEqual({ allowed: true })
      const decision = authorise({ kind: 'anonymous' }, { action, bucket, key })
      expect(decision).toEqual({ allowed: false, reason: `anonymous may not ${action}` })
    }
  })
})
