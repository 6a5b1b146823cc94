import { ErrnoError } from './errno-error.ts'

/** One call to a `MemoryFileSystem`, as traces record it and interceptors see it. */
export interface DiskOperation {
  /** Counts the calls of one file system, from 0. */
  readonly index: number
  readonly operation: DiskOperationName
  readonly path: string
  /** read, write: position. truncate: the new size. */
  readonly offset?: number
  /** read, write: bytes asked for. */
  readonly length?: number
  /** rename: the new path. */
  readonly target?: string
}

export type DiskOperationName =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'list'
  | 'stat'
  | 'space'
  | 'lock'
  | 'size'
  | 'close'

/** Makes an operation fail. A write may land in part before it does. */
export interface Fault {
  /** An errno name. */
  readonly code: string
  /** write: bytes that reach the file all the same. */
  readonly landedSize?: number
}

/**
 * Called before each operation takes effect; what it resolves with decides the outcome. It may
 * delay the operation by returning a promise, and may throw an error of its own.
 */
export type Interceptor = (operation: DiskOperation) => Fault | null | Promise<Fault | null>

/** Questions do not change the disk; a trace of its writes leaves them out. */
const untraced: ReadonlySet<DiskOperationName> = new Set([
  'read',
  'list',
  'stat',
  'space',
  'size',
  'close',
])

/** What all files of one `MemoryFileSystem` share: room, trace, interceptor. */
export class MemoryVolume {
  readonly capacity: number
  readonly trace: DiskOperation[] | null
  interceptor: Interceptor | null = null
  #usedSize = 0
  #operationCount = 0

  constructor(capacity: number, trace: boolean) {
    this.capacity = capacity
    this.trace = trace ? [] : null
  }

  get usedSize(): number {
    return this.#usedSize
  }

  get freeSize(): number {
    return Math.max(0, this.capacity - this.#usedSize)
  }

  get operationCount(): number {
    return this.#operationCount
  }

  resize(delta: number): void {
    this.#usedSize += delta
  }

  /** Announces an operation; resolves with the fault it must suffer, if any. */
  async enter(call: Omit<DiskOperation, 'index'>): Promise<Fault | null> {
    const operation = { index: this.#operationCount++, ...call }
    if (this.trace !== null && !untraced.has(call.operation)) this.trace.push(operation)
    return this.interceptor === null ? null : this.interceptor(operation)
  }

  /** As `enter`, for operations that happen wholly or not at all. */
  async pass(call: Omit<DiskOperation, 'index'>): Promise<void> {
    const fault = await this.enter(call)
    if (fault !== null) throw new ErrnoError(fault.code, call.operation, call.path)
  }
}
