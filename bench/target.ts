/** What is measured: a process that listens on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { ServerProcess } from '../conformance/harness/server-process.ts'
import type { Credentials } from '../conformance/harness/sigv4.ts'

export interface Target {
  readonly host: string
  readonly port: number
  readonly region: string
  readonly credentials: Credentials
}

/** On the same disk for the server and its probe, and not a memory file system. */
export const SCRATCH = path.resolve(import.meta.dirname, '../.cache')

export async function scratchDirectory(): Promise<string> {
  return mkdtemp(path.join(SCRATCH, 'bench-'))
}

/** The built server on a directory of its own, quiet, with one bucket `bench`. */
export async function startVarve(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const own = { VARVE_LOG_LEVEL: 'warn', VARVE_BUCKETS: 'bench' }
  return ServerProcess.start({ dataDir, env: { ...own, ...env } })
}

/** A bare server that does the least that such a request can cost. */
export class ProbeProcess implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()))
  }

  /** `name` of a file in `probes/`; it prints its port once it listens. */
  static async start(name: string, args: readonly string[] = []): Promise<ProbeProcess> {
    const file = path.join(import.meta.dirname, 'probes', name)
    const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`probe ${name} ended`)))
      child.stdout?.once('data', (data: Buffer) => resolve(Number(data.toString())))
    })
    return new ProbeProcess(child, port)
  }

  /** Signed requests are sent to the probe as they are: it ignores who signed them. */
  get target(): Target {
    const credentials = { accessKey: 'probe', secretKey: 'probe' }
    return { host: '127.0.0.1', port: this.port, region: 'us-east-1', credentials }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}
