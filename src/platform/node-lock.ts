import { createRequire } from 'node:module'
import type { FileLock } from './file-system.ts'

interface NativeExtensions {
  /** An exclusive lock of the whole open file description; false when another holds it. */
  tryLock(fd: number): boolean
}

/**
 * Locks an open file, or closes it and resolves with null. The lock belongs to the open file
 * description (F_OFD_SETLK): it dies with the process, however it dies, and stands between two
 * holders of one process as well.
 */
export async function lockFile(fd: number, close: () => Promise<void>): Promise<FileLock | null> {
  let isLocked = false
  try {
    isLocked = nativeExtensions().tryLock(fd)
  } finally {
    if (!isLocked) await close()
  }
  if (!isLocked) return null
  let released: Promise<void> | null = null
  return {
    release: () => {
      released ??= close()
      return released
    },
  }
}

/** Loaded at the first lock, so that memory mode starts without native code. */
function nativeExtensions(): NativeExtensions {
  const require = createRequire(import.meta.url)
  return require('fs-native-extensions') as NativeExtensions
}
