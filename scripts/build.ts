/**
 * Bundles the two entries of the package into `dist`, beside the declarations that tsc put there.
 * Loading one file instead of hundreds is what lets library mode start in time
 * (docs/decisions/0008-a-bundled-dist.md). Dependencies stay outside.
 */
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const target = join(root, 'dist')

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts', 'src/index.ts'],
  outdir: target,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  // What is imported late stays a file of its own, and is loaded late.
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
})

const written = new Set(Object.keys(metafile.outputs).map((path) => resolve(root, path)))
for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  const isCode = entry.isFile() && /\.js(\.map)?$/.test(entry.name)
  if (isCode && !written.has(path)) await rm(path)
}
