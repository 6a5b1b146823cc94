import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * Loads a CommonJS package when it is first called for, at once and once: what not every process
 * needs must not cost every start.
 */
export function loadLate<Module>(specifier: string): () => Module {
  let loaded: Module | null = null
  return () => {
    loaded ??= require(specifier) as Module
    return loaded
  }
}
