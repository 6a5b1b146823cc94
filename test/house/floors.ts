/**
 * Each floor of `src`, and the floors it may stand on. A file directly in `src` is a floor of its
 * own. `base` and `model` are open to all but base. ARCHITECTURE.md says what each floor is for.
 */
export const floors = {
  base: [],
  model: [],
  platform: [],
  segment: ['platform'],
  engine: ['segment', 'platform'],
  catalog: ['segment', 'platform'],
  identity: ['catalog', 'platform'],
  store: ['catalog', 'engine', 'segment', 'platform'],
  // Above the store: looks after it as a whole, whether a server has it or not.
  maintenance: ['store', 'catalog', 'engine', 'segment', 'data-directory', 'platform'],
  // Of the platform only the clock, which says whether a signature is still fresh.
  s3: ['store', 'identity', 'platform'],
  http: ['s3'],
  config: [],
  telemetry: ['engine', 'catalog', 'store', 'maintenance', 's3', 'identity', 'platform'],
  'data-directory': ['platform'],
  compose: [
    'config',
    'data-directory',
    'telemetry',
    'http',
    's3',
    'maintenance',
    'store',
    'identity',
    'catalog',
    'engine',
    'segment',
    'platform',
  ],
  cli: ['compose', 'maintenance', 'config', 'data-directory', 'telemetry', 'platform'],
  main: ['cli'],
  index: ['compose', 'config', 'telemetry'],
} as const satisfies Record<string, readonly string[]>

export type Floor = keyof typeof floors

export const openToAll: readonly string[] = ['base', 'model']

/** Packages that only one place may import, whatever else it may do. */
export const reserved: readonly { readonly specifier: RegExp; readonly place: RegExp }[] = [
  { specifier: /^(node:)?fs(\/|$)/, place: /^src\/platform\// },
  { specifier: /^fs-native-extensions$/, place: /^src\/platform\// },
  { specifier: /^(@koa\/|koa(\/|$))/, place: /^src\/http\// },
  { specifier: /^(node:)?https?2?$/, place: /^src\/http\// },
  { specifier: /^(lz4-napi|@mongodb-js\/zstd)(\/|$)/, place: /^src\/engine\/compression\// },
  { specifier: /^lmdb$/, place: /^src\/catalog\/kv\// },
  { specifier: /^(saxes|fast-xml-parser)$/, place: /^src\/s3\/xml\// },
  { specifier: /^pino$/, place: /^src\/telemetry\// },
  { specifier: /^commander$/, place: /^src\/cli\// },
]

/** The floor of a file of `src`; null for a file elsewhere. */
export function floorOf(path: string): string | null {
  return /^src\/([^/]+?)(\.ts|\/)/.exec(path)?.[1] ?? null
}
