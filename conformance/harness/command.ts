/** Runs the programs of others: found on PATH, ended by their process id, their words kept. */
import { execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import path from 'node:path'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Uint8Array
  readonly cwd?: string
  /** Exit codes that are no failure; 0 unless given. */
  readonly exits?: readonly number[]
  readonly timeoutMs?: number
}

export interface RunResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** Every file of that name on PATH, each real file once. */
export function findPrograms(name: string): string[] {
  const found = new Map<string, string>()
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      const real = realpathSync(file)
      if (!found.has(real)) found.set(real, file)
    } catch {
      // Not in this folder.
    }
  }
  return [...found.values()]
}

export function findProgram(name: string): string | null {
  return findPrograms(name)[0] ?? null
}

/** First line of what `--version` (or other words) prints, or null if it does not run. */
export function versionOf(program: string, args: readonly string[] = ['--version']): string | null {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
    return execFileSync(program, args, { encoding: 'utf8', stdio }).split('\n')[0] ?? null
  } catch {
    return null
  }
}

/** Rejects, with what the program said, when it fails or takes too long. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    let stderr = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000)
    child.stdout.on('data', (data: Buffer) => stdout.push(data))
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const result = { code: code ?? -1, stdout: Buffer.concat(stdout), stderr }
      if ((options.exits ?? [0]).includes(result.code)) return resolve(result)
      const said = `${result.stdout.toString().slice(-2_000)}\n${stderr.slice(-4_000)}`
      reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}:\n${said}`))
    })
  })
}
