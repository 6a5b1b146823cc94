/** The part of the package that takes a level, without types of its own (version 1.2.2). */
declare module '@mongodb-js/zstd/bindings.js' {
  interface Bindings {
    compress(raw: Buffer, level: number): Promise<Buffer>
    decompress(stored: Buffer): Promise<Buffer>
  }
  const bindings: Bindings
  export default bindings
}
