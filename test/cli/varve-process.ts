import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')
const ENDPOINT = /speaks S3 at (http:\S+)/

/** `varve …` as a process of its own, from the sources, with an environment of its own. */
export class VarveProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], options: VarveProcessOptions = {}) {
    this.#child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...options.env },
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    })
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString()
    })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString()
    })
    this.exited = new Promise((settle) => {
      this.#child.once('close', (code, signal) => settle(code ?? signal ?? 'unknown'))
    })
  }

  /** The endpoint it prints once it serves. Rejects when it ends before. */
  async endpoint(): Promise<string> {
    for (;;) {
      const match = ENDPOINT.exec(this.stdout)
      if (match?.[1] !== undefined) return match[1]
      const ended = await Promise.race([this.exited, sleep(20)])
      if (ended !== undefined) throw new Error(`ended with ${ended}: ${this.stderr}`)
    }
  }

  /** As a reader does that has read enough. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** The lines of the log on standard error. */
  get log(): readonly Readonly<Record<string, unknown>>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}

export interface VarveProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A folder that is removed with everything in it. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'varve-cli-'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

function sleep(durationMs: number): Promise<undefined> {
  return new Promise((settle) => setTimeout(() => settle(undefined), durationMs))
}
