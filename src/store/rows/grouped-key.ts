/**
 * A byte string inside a longer key, such that keys still sort by it first, and byte by byte:
 * groups of eight bytes, the last one filled with zeros, each followed by the count of bytes that
 * count plus 1, or 9 when another group follows (docs/rows.md#grouped-names). Costs one byte in
 * eight, whatever the bytes are: escaping zero bytes instead would double the longest names.
 */
const GROUP = 8

export function groupedSize(size: number): number {
  return (Math.floor(size / GROUP) + 1) * (GROUP + 1)
}

export function writeGrouped(bytes: Uint8Array, target: Buffer, offset: number): void {
  let position = offset
  for (let start = 0; start <= bytes.length; start += GROUP) {
    const group = bytes.subarray(start, start + GROUP)
    target.fill(0, position, position + GROUP)
    target.set(group, position)
    target[position + GROUP] = group.length + 1
    position += GROUP + 1
  }
}

/** The inverse; `grouped` holds exactly one grouped string. */
export function readGrouped(grouped: Buffer): Buffer {
  const groupCount = grouped.length / (GROUP + 1)
  const last = grouped[grouped.length - 1]! - 1
  const bytes = Buffer.allocUnsafe((groupCount - 1) * GROUP + last)
  for (let index = 0; index < groupCount; index++) {
    const position = index * (GROUP + 1)
    const size = index === groupCount - 1 ? last : GROUP
    grouped.copy(bytes, index * GROUP, position, position + size)
  }
  return bytes
}
