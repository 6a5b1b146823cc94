import type { ObjectStore } from '../../../src/store/object-store.ts'
import { bucket } from '../../store/store-requests.ts'

/** A store to hold against the contract. */
export interface StoreSubject {
  readonly store: ObjectStore
  /** Throws when what is stored contradicts itself. Called when nothing is in flight. */
  audit(): Promise<void>
  close(): Promise<void>
}

export type OpenSubject = () => Promise<StoreSubject>

/** Runs a case on a fresh store with one bucket, and audits what it leaves. */
export function onStore(open: OpenSubject, run: (store: ObjectStore) => Promise<void>) {
  return async () => {
    const subject = await open()
    try {
      await subject.store.createBucket(bucket, { region: 'us-east-1' })
      await run(subject.store)
      await subject.audit()
    } finally {
      await subject.close()
    }
  }
}
