/** What a store lists of its versions, page by page, beside what the model would list. */
import { expect } from 'vitest'
import type { VersionId } from '../../src/model/version-id.ts'
import type { ListedVersion, ObjectStore } from '../../src/store/object-store.ts'
import { bucket } from './store-requests.ts'
import type { VersionModel } from './version-model.ts'

/** Pages through all versions, and compares them with what the model would list. */
export async function look(
  store: ObjectStore,
  { limit, prefix, delimiter }: { limit: number; prefix: string; delimiter: string },
  model: VersionModel,
): Promise<void> {
  const listed: string[] = []
  let [afterKey, afterVersion]: [string, VersionId | null] = ['', null]
  for (;;) {
    const query = { bucket, prefix, delimiter, afterKey, afterVersion, limit }
    const page = await store.listObjectVersions(query)
    const names = [
      ...page.versions.map((version) => [version.key, described(version)] as const),
      ...page.commonPrefixes.map((name) => [name, `${name} …`] as const),
    ]
    expect(names.length).toBeLessThanOrEqual(limit)
    names.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    listed.push(...names.map(([, text]) => text))
    if (!page.isTruncated) break
    expect(names.length).toBe(limit)
    afterKey = page.lastKey ?? ''
    afterVersion = page.lastVersion
  }
  expect(listed).toEqual(expectedListing(model, prefix, delimiter))
}

function described(version: ListedVersion): string {
  const what = version.kind === 'object' ? version.size : 'marker'
  return `${version.key} ${version.versionId} ${what}${version.isLatest ? ' latest' : ''}`
}

function expectedListing(model: VersionModel, prefix: string, delimiter: string): string[] {
  const lines = new Set<string>()
  for (const name of model.keys) {
    if (!name.startsWith(prefix)) continue
    const index = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    if (index >= 0) {
      lines.add(`${name.slice(0, index + delimiter.length)} …`)
      continue
    }
    for (const [place, { id, bytes }] of model.stack(name).entries()) {
      lines.add(`${name} ${id} ${bytes?.length ?? 'marker'}${place === 0 ? ' latest' : ''}`)
    }
  }
  return [...lines]
}
