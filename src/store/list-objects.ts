import type { Catalog } from '../catalog/catalog.ts'
import type { ObjectKey } from '../model/object-key.ts'
import { requireBucket } from './find-bucket.ts'
import { type ListCursor, type Named, takePage, walk } from './list-walk.ts'
import { objectInfo } from './object-info.ts'
import type { ListObjectsQuery, ListPage, ObjectInfo } from './object-store.ts'
import { bucketSpaceRange, nameOfObject, objectKey, spaces } from './rows/keys.ts'
import { decodeObjectHead } from './rows/object-row.ts'
import type { StoreContext } from './store-context.ts'

interface ListedObject extends Named {
  readonly row: Buffer
}

/** Reads the heads of the rows on the page, and no history. */
export function listObjects(context: StoreContext, query: ListObjectsQuery): ListPage {
  const { id } = requireBucket(context.catalog, query.bucket)
  const steps = walk(objectCursor(context.catalog, id), {
    prefix: Buffer.from(query.prefix),
    delimiter: Buffer.from(query.delimiter),
    after: Buffer.from(query.after),
  })
  const page = takePage(steps, query.limit)
  const objects: ObjectInfo[] = []
  const commonPrefixes: string[] = []
  let last: string | null = null
  for (const step of page.steps) {
    if (step.kind === 'item') {
      const key = step.item.name.toString('utf8') as ObjectKey
      objects.push(objectInfo(key, decodeObjectHead(step.item.row)))
      last = key
    } else {
      last = step.name.toString('utf8')
      commonPrefixes.push(last)
    }
  }
  return { objects, commonPrefixes, isTruncated: page.isTruncated, last }
}

function objectCursor(catalog: Catalog, bucketId: number): ListCursor<ListedObject> {
  const { end } = bucketSpaceRange(spaces.object, bucketId)
  return {
    *seek(name) {
      for (const { key, value } of catalog.range({ start: objectKey(bucketId, name), end })) {
        yield { name: nameOfObject(key), row: value }
      }
    },
  }
}
