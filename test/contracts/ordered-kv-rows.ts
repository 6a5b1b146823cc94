import type { KvPosition, KvWrite } from '../../src/catalog/kv/ordered-kv.ts'

export function position(sequence: number): KvPosition {
  const chain = Buffer.alloc(32, sequence & 0xff)
  return {
    sequence,
    segment: 3,
    recordOffset: 128,
    offset: 1024,
    chain,
    commitSize: sequence * 100,
  }
}

export function put(key: string, value: string): KvWrite {
  return { key: Buffer.from(key), value: Buffer.from(value) }
}
