import type { DiskOperation, Fault } from '../../src/platform/memory-fs.ts'

/** A way for one operation to fail, with a name for test reports. */
export interface NamedFault {
  readonly name: string
  readonly fault: Fault
}

/** The ways an operation of this kind fails on real machines. */
export function faultsOf({ operation, length = 0 }: DiskOperation): readonly NamedFault[] {
  const plain = (...codes: string[]) => codes.map((code) => ({ name: code, fault: { code } }))
  switch (operation) {
    case 'write':
      return [
        ...plain('EIO', 'ENOSPC'),
        { name: 'short', fault: { code: 'ENOSPC', landedSize: Math.floor(length / 2) } },
        // All bytes land, and the caller is told that they did not.
        { name: 'landed', fault: { code: 'EIO', landedSize: length } },
      ]
    case 'open':
    case 'lock':
      return plain('EMFILE', 'EIO')
    case 'create':
      return plain('EMFILE', 'ENOSPC', 'EROFS')
    case 'makeDirectory':
    case 'rename':
    case 'truncate':
      return plain('EIO', 'ENOSPC')
    case 'remove':
      return plain('EIO', 'EROFS')
    case 'sync':
      return plain('EIO', 'ENOSPC')
    // Folders are opened for both.
    case 'syncDirectory':
      return plain('EIO', 'ENOSPC', 'EMFILE')
    case 'list':
      return plain('EIO', 'EMFILE')
    case 'read':
    case 'stat':
    case 'space':
    case 'size':
    case 'close':
      return plain('EIO')
  }
}
