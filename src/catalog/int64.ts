/** Signed 64-bit little-endian integers that are exact as JavaScript numbers: no BigInt is made. */
const HIGH = 2 ** 32

export function writeInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / HIGH)
  bytes.writeUInt32LE(value - high * HIGH, at)
  bytes.writeInt32LE(high, at + 4)
}

export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * HIGH + bytes.readUInt32LE(at)
}
