import path from 'node:path'
import { ServerProcess } from '../harness/server-process.ts'
import { type CrashScene, smallFiles } from './crash-scene.ts'
import { LoopDisk } from './loop-disk.ts'

/** A server on a disk of its own, whose power is cut while it writes. */
export class PowerCut implements CrashScene, AsyncDisposable {
  readonly server: ServerProcess
  readonly #disk: LoopDisk

  private constructor(server: ServerProcess, disk: LoopDisk) {
    this.server = server
    this.#disk = disk
  }

  /** On a disk of `size` bytes. */
  static async start(size: number): Promise<PowerCut> {
    const disk = await LoopDisk.make(size)
    try {
      const dataDir = path.join(disk.path, 'data')
      const env = smallFiles(disk.path)
      return new PowerCut(await ServerProcess.start({ env, dataDir }), disk)
    } catch (error) {
      await disk[Symbol.asyncDispose]()
      throw error
    }
  }

  /**
   * Power fails at one moment; the ioctl takes some milliseconds, in which a sync may succeed that
   * it then drops, as any program can see. So the server is stopped first: it answers nobody any
   * more, and what it had answered was durable before.
   */
  async die(): Promise<void> {
    const { pid } = this.server
    if (pid !== null && this.server.isRunning) process.kill(pid, 'SIGSTOP')
    await this.#disk.cutPower()
    await this.server.kill()
    await this.#disk.unmount()
    await this.#disk.mount()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
    await this.#disk[Symbol.asyncDispose]()
  }
}
