import fs from 'node:fs'

/**
 * The calls of node:fs that `NodeFileSystem` makes, each wrapped in a promise once. An interface of
 * its own so that tests can make a call come up short.
 */
export interface NodeCalls {
  open(path: string, flags: number, mode: number): Promise<number>
  close(fd: number): Promise<void>
  read(fd: number, target: Uint8Array, position: number): Promise<number>
  /** One writev; resolves with the bytes written, which may be fewer than given. */
  write(fd: number, pieces: readonly Uint8Array[], position: number): Promise<number>
  datasync(fd: number): Promise<void>
  sync(fd: number): Promise<void>
  truncate(fd: number, size: number): Promise<void>
  size(fd: number): Promise<number>
}

export const nodeCalls: NodeCalls = {
  open: (path, flags, mode) =>
    new Promise((resolve, reject) => {
      fs.open(path, flags, mode, (error, fd) => (error ? reject(error) : resolve(fd)))
    }),
  close: (fd) =>
    new Promise((resolve, reject) => {
      fs.close(fd, (error) => (error ? reject(error) : resolve()))
    }),
  read: (fd, target, position) =>
    new Promise((resolve, reject) => {
      fs.read(fd, target, 0, target.length, position, (error, size) =>
        error ? reject(error) : resolve(size),
      )
    }),
  write: (fd, pieces, position) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, size: number) => (error ? reject(error) : resolve(size))
      const only = pieces.length === 1 ? pieces[0] : undefined
      if (only === undefined) fs.writev(fd, pieces, position, done)
      else fs.write(fd, only, 0, only.length, position, done)
    }),
  datasync: (fd) =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()))
    }),
  sync: (fd) =>
    new Promise((resolve, reject) => {
      fs.fsync(fd, (error) => (error ? reject(error) : resolve()))
    }),
  truncate: (fd, size) =>
    new Promise((resolve, reject) => {
      fs.ftruncate(fd, size, (error) => (error ? reject(error) : resolve()))
    }),
  size: (fd) =>
    new Promise((resolve, reject) => {
      fs.fstat(fd, (error, stats) => (error ? reject(error) : resolve(stats.size)))
    }),
}
