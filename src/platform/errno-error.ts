/** An error shaped like those of node:fs: `code` is the errno name. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError'
  readonly code: string
  readonly path: string

  constructor(code: string, operation: string, path: string) {
    super(`${code}: ${operation} '${path}'`)
    this.code = code
    this.path = path
  }
}
