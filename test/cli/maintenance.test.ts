import { describe, expect, it } from 'vitest'
import { temporaryFolder, VarveProcess } from './varve-process.ts'

const env = { VARVE_ROOT_ACCESS_KEY: 'access', VARVE_ROOT_SECRET_KEY: 'secret-enough' }

/** Runs a verb to its end. */
async function run(...args: readonly string[]): Promise<{ code: number | string; out: string }> {
  await using varve = new VarveProcess(args, { env })
  const code = await varve.exited
  return { code, out: varve.stdout + varve.stderr }
}

describe('the verbs that look after a store', () => {
  it('tell a store in use, one that is not there, and one that is clean, by exit code', async () => {
    await using folder = await temporaryFolder()
    const data = `${folder.path}/data`
    const place = `${folder.path}/backup`
    expect(await run('check', '--data', data)).toMatchObject({ code: 3 })
    expect(await run('restore', place, '--data', data)).toMatchObject({ code: 3 })
    {
      const serving = { env: { ...env, VARVE_BUCKETS: 'one,two' } }
      await using server = new VarveProcess(['serve', '--data', data, '--port', '0'], serving)
      await server.endpoint()
      const checked = await run('check', '--json', '--read-data', '--data', data)
      expect(checked.code).toBe(0)
      expect(JSON.parse(checked.out)).toMatchObject({ state: 'serving', rows: { buckets: 2 } })
      expect(await run('backup', place, '--data', data)).toMatchObject({ code: 0 })
      expect(await run('rebuild-index', '--data', data)).toMatchObject({ code: 4 })
      expect(await run('repair', '--apply', '--data', data)).toMatchObject({ code: 4 })
      server.signal('SIGTERM')
      expect(await server.exited).toBe(0)
    }
    expect(await run('backup', `${data}/mine`, '--data', data)).toMatchObject({ code: 1 })
    expect(await run('rebuild-index', '--data', data)).toMatchObject({ code: 0 })
    expect((await run('repair', '--data', data)).out).toContain('There is nothing to do.')
    expect((await run('inspect', 'journal', '--data', data)).out).toContain('space bucket')
    {
      await using curious = new VarveProcess(['inspect', 'journal', '--data', data], { env })
      curious.closeOutput()
      expect(await curious.exited).toBe(0)
      expect(curious.stderr).toBe('')
    }
    expect(await run('inspect', 'object', 'one', 'none', '--data', data)).toMatchObject({ code: 0 })
    expect(await run('inspect', 'object', 'no', 'none', '--data', data)).toMatchObject({ code: 3 })
    expect(await run('check', '--read-data-subset', '3/2', '--data', data)).toMatchObject({
      code: 1,
    })
    expect((await run('restore', place, '--verify')).out).toContain('is whole: 0 objects')
    const back = `${folder.path}/back`
    expect(await run('restore', place, '--data', back)).toMatchObject({ code: 0 })
    expect(await run('restore', place, '--data', back)).toMatchObject({ code: 1 })
    const restored = await run('check', '--json', '--data', back)
    expect(JSON.parse(restored.out)).toMatchObject({ state: 'alone', rows: { buckets: 2 } })
  }, 180_000)
})
