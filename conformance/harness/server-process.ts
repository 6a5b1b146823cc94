/**
 * The real server as a child process: the built `dist/main.js`, its own data directory and port. It
 * is ended by its process id, and its directory removed, whatever the test did.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Credentials } from './sigv4.ts'

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js')
const READY_WITHIN_MS = 60_000
const LOG_CHARS_MAX = 20_000

/** Where a server listens and how to sign for it. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly url: string
  readonly region: string
  readonly credentials: Credentials
}

export interface ServerOptions {
  /** Further environment, such as VARVE_DOMAIN. */
  readonly env?: Readonly<Record<string, string>>
  /** Kept after `close`; without it a temporary one is made and removed. */
  readonly dataDir?: string
}

export class ServerProcess implements AsyncDisposable {
  readonly endpoint: Endpoint
  readonly dataDir: string
  readonly #env: Readonly<Record<string, string>>
  readonly #isDirOurs: boolean
  #child: ChildProcess | null = null
  #exited: Promise<number | null> = Promise.resolve(null)
  #log = ''

  private constructor(options: ServerOptions, dataDir: string, port: number) {
    const credentials = {
      accessKey: 'CONFORMANCEKEY00',
      secretKey: 'conformance/secret+key/0123456789',
    }
    const url = `http://127.0.0.1:${port}`
    this.endpoint = { host: '127.0.0.1', port, url, region: 'us-east-1', credentials }
    this.dataDir = dataDir
    this.#isDirOurs = options.dataDir === undefined
    this.#env = options.env ?? {}
  }

  /** Resolves when the server says it is ready. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\` first`)
    const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'varve-conformance-')))
    const server = new ServerProcess(options, dataDir, await freePort())
    try {
      await server.up()
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  /** What the server wrote to both its streams, the newest part of it. */
  get log(): string {
    return this.#log
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts the process again on the same directory and port, and waits until it is ready. */
  async up(): Promise<void> {
    const { port, region, credentials } = this.endpoint
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        VARVE_DATA_DIR: this.dataDir,
        VARVE_HOST: '127.0.0.1',
        VARVE_PORT: String(port),
        VARVE_REGION: region,
        VARVE_ROOT_ACCESS_KEY: credentials.accessKey,
        VARVE_ROOT_SECRET_KEY: credentials.secretKey,
        ...this.#env,
      },
    })
    this.#child = child
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        this.#log = (this.#log + data.toString('latin1')).slice(-LOG_CHARS_MAX)
      })
    }
    await this.#ready()
  }

  /** kill -9: the process gets no chance to finish anything. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child?.kill('SIGKILL')
    await this.#exited
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.isRunning) this.#child?.kill('SIGTERM')
    return await this.#exited
  }

  async close(): Promise<void> {
    await this.kill()
    if (this.#isDirOurs) await rm(this.dataDir, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS
    while (Date.now() < deadline) {
      if (!this.isRunning) throw new Error(`the server ended before it was ready:\n${this.#log}`)
      const reply = await fetch(`${this.endpoint.url}/health/ready`).catch(() => null)
      await reply?.arrayBuffer()
      if (reply?.status === 200) return
      await sleep(20)
    }
    throw new Error(`the server was not ready in ${READY_WITHIN_MS} ms:\n${this.#log}`)
  }
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
