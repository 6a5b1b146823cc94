import type { ObjectStore } from '../../../src/store/object-store.ts'

/** `store`, but for the methods given. */
export function replacing(store: ObjectStore, methods: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      const key = name as keyof ObjectStore
      const method = methods[key] ?? target[key]
      return (method as (...input: never[]) => unknown).bind(target)
    },
  })
}
