/** Short words for what tests ask of the versions of key "a". */
import type { VersionId } from '../../../src/model/version-id.ts'
import type { Deleted, ListVersionsQuery, ObjectStore } from '../../../src/store/object-store.ts'
import { bucket, key, put } from '../../store/store-requests.ts'
import { type OpenSubject, onStore } from './subject.ts'

/** As `onStore`, in a bucket with versioning enabled. */
export function onVersions(open: OpenSubject, run: (store: ObjectStore) => Promise<void>) {
  return onStore(open, async (store) => {
    await store.putBucketVersioning(bucket, 'enabled')
    await run(store)
  })
}

/** What is shown of the bucket's history: key, version, what it is. */
export function shown(store: ObjectStore) {
  return shownAfter(store, null, '')
}

export async function shownAfter(
  store: ObjectStore,
  afterVersion: VersionId | null | undefined,
  afterKey = 'a',
) {
  const page = await versions(store, { afterKey, afterVersion: afterVersion ?? null })
  return page.versions.map((version) => [
    version.key,
    version.versionId,
    `${version.isLatest ? 'latest ' : ''}${version.kind === 'object' ? 'object' : 'marker'}`,
  ])
}

export function versions(store: ObjectStore, more: Partial<ListVersionsQuery> = {}) {
  return store.listObjectVersions({
    bucket,
    prefix: '',
    delimiter: '',
    afterKey: '',
    afterVersion: null,
    limit: 1000,
    ...more,
  })
}

export async function written(store: ObjectStore, content: string | Buffer): Promise<VersionId> {
  const { versionId } = await put(store, 'a', content)
  if (versionId === null) throw new Error('no version id')
  return versionId
}

export function removeVersion(
  store: ObjectStore,
  version: VersionId | null | undefined,
  name = 'a',
): Promise<Deleted> {
  const named = { bucket, key: key(name), version: version ?? undefined }
  return store.deleteObject({ ...named, conditions: {} })
}
