/**
 * Runs in a process of its own, whose files may not grow beyond a limit: what becomes of an index
 * on a disk that is full. Says what it saw, as JSON.
 */
import { LmdbKv } from '../../../src/catalog/kv/lmdb-kv.ts'
import { NodeFileSystem } from '../../../src/platform/node-fs.ts'
import { position, put } from '../../contracts/ordered-kv-rows.ts'

const path = process.argv[2] ?? ''
const options = { fileSystem: new NodeFileSystem(), path, storeId: 'a store' }
const small = [put('small', '1')]
const large = Array.from({ length: 3000 }, (_, index) => put(`large ${index}`, 'x'.repeat(1000)))

const kv = await LmdbKv.open(options)
await kv.apply(small, position(1))
const kinds: unknown[] = []
for (let attempt = 0; attempt < 3; attempt++) {
  await kv.apply(large, position(2)).catch((error: { kind?: unknown }) => kinds.push(error.kind))
}
const kept = kv.get(Buffer.from('small'))?.toString()
const torn = kv.get(Buffer.from('large 7'))
await kv.apply([put('small', '2')], position(3))
await kv[Symbol.asyncDispose]()
const again = await LmdbKv.open(options)
const sequence = again.position?.sequence
const last = again.get(Buffer.from('small'))?.toString()
await again[Symbol.asyncDispose]()
process.stdout.write(JSON.stringify({ kinds, kept, torn, sequence, last }))
