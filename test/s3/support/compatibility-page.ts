import type { Operation, Resource, Support } from '../../../src/s3/operation.ts'

const TITLES: Readonly<Record<Resource, string>> = {
  service: 'The service',
  bucket: 'Buckets',
  object: 'Objects',
}

const SUPPORT: Readonly<Record<Support, string>> = {
  full: 'yes',
  neutral: 'as when nothing is configured',
  refused: 'no: `NotImplemented`',
}

/** The page that says, from the table alone, what each operation of S3 meets here. */
export function compatibilityPage(operations: readonly Operation[]): string {
  const count = (support: Support) => operations.filter((row) => supportOf(row) === support).length
  return [
    '# Compatibility with Amazon S3',
    '',
    'Made from `src/s3/operations.ts`; `npx vitest run --project unit test/s3/compatibility.test.ts -u`',
    'writes it anew. Operations are named as AWS names them.',
    '',
    `- **yes** (${count('full')}): works as on AWS.`,
    `- **as when nothing is configured** (${count('neutral')}): reads answer with what AWS answers for`,
    '  a bucket where it was never set; writes take only what changes nothing.',
    `- **no** (${count('refused')}): refused with \`NotImplemented\` and status 501, before anything is`,
    '  changed. Nothing is accepted that would not act.',
    '',
    ...(Object.keys(TITLES) as Resource[]).flatMap((resource) => section(resource, operations)),
  ].join('\n')
}

function section(resource: Resource, operations: readonly Operation[]): string[] {
  const rows = operations.filter(({ route }) => route.resource === resource)
  return [
    `## ${TITLES[resource]}`,
    '',
    '| Operation | Request | IAM action | Here |',
    '|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.name} | \`${requestOf(row)}\` | ${row.action} | ${SUPPORT[supportOf(row)]} |`,
    ),
    '',
  ]
}

function supportOf({ support = 'full' }: Operation): Support {
  return support
}

function requestOf({ route }: Operation): string {
  const path = { service: '/', bucket: '/{bucket}', object: '/{bucket}/{key}' }[route.resource]
  const query = route.query === undefined ? '' : `?${route.query.join('&')}`
  const header = route.header === undefined ? '' : ` + ${route.header}`
  return `${route.method} ${path}${query}${header}`
}
