/** AWS API Reference, PutObject, x-amz-storage-class: those a general purpose bucket accepts. */
export const storageClasses = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
] as const
export type StorageClass = (typeof storageClasses)[number]

/** Null for an unknown name. */
export function parseStorageClass(text: string): StorageClass | null {
  return storageClasses.find((name) => name === text) ?? null
}
