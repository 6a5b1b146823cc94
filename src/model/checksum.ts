/** Checksum algorithms S3 stores beside an object. Names as in x-amz-checksum-algorithm. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** FULL_OBJECT: of the bytes; COMPOSITE: of the parts' checksums. AWS API Reference, Checksum. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  /** Base64 of the big-endian digest; COMPOSITE values carry the "-N" suffix. */
  readonly value: string
}
