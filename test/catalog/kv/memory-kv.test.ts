import { MemoryKv } from '../../../src/catalog/kv/memory-kv.ts'
import { orderedKvContract } from '../../contracts/ordered-kv.contract.ts'

orderedKvContract('MemoryKv', async () => {
  const kv = new MemoryKv()
  return { kv, reopen: null, dispose: () => kv[Symbol.asyncDispose]() }
})
