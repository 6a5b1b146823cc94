/** One kind of configuration of a bucket (docs/rows.md#bucket-configuration). */
import type { Acl } from '../../model/acl.ts'
import type {
  BucketConfigKind,
  BucketConfigs,
  CorsMethod,
  CorsRule,
  ObjectOwnership,
  PublicAccessBlock,
} from '../bucket-config.ts'
import { readAcl, writeAcl } from './acl-field.ts'
import { damagedRow, RowReader, RowWriter, requireRowVersion } from './row-bytes.ts'

const VERSION = 1
const ROW = 'bucket configuration'
const NO_MAX_AGE = 0xffffffff

interface KindCodec<Config> {
  /** What a bucket has of which no row speaks; null when that is none. */
  readonly initial: Config | null
  readonly write: (writer: RowWriter, config: Config) => void
  readonly read: (reader: RowReader) => Config
}

const codecs: { readonly [Kind in BucketConfigKind]: KindCodec<BucketConfigs[Kind]> } = {
  acl: {
    initial: 'private',
    write: (writer, acl: Acl) => writeAcl(writer, acl),
    read: (reader) => readAcl(reader, ROW),
  },
  cors: { initial: null, write: writeCors, read: readCors },
  ownership: { initial: 'BucketOwnerEnforced', write: writeOwnership, read: readOwnership },
  publicAccessBlock: {
    initial: {
      blockPublicAcls: true,
      ignorePublicAcls: true,
      blockPublicPolicy: true,
      restrictPublicBuckets: true,
    },
    write: writeBlock,
    read: readBlock,
  },
  tags: { initial: null, write: writeTags, read: readTags },
}

/** Null: it was deleted, which is told from never having been written. */
export function encodeBucketConfig<Kind extends BucketConfigKind>(
  kind: Kind,
  config: BucketConfigs[Kind] | null,
): Buffer {
  const writer = new RowWriter().u8(VERSION).u8(config === null ? 0 : 1)
  if (config !== null) codecs[kind].write(writer, config)
  return writer.finish()
}

/** @param row null when there is no row */
export function decodeBucketConfig<Kind extends BucketConfigKind>(
  kind: Kind,
  row: Buffer | null,
): BucketConfigs[Kind] | null {
  const codec = codecs[kind]
  if (row === null) return codec.initial
  requireRowVersion(ROW, row, VERSION)
  const reader = new RowReader(ROW, row, 1)
  const isThere = reader.u8()
  if (isThere > 1) throw damagedRow(ROW, 'presence')
  const config = isThere === 1 ? codec.read(reader) : null
  reader.end()
  return config
}

/** Whether a bucket has something of this kind before it was ever configured. */
export function hasInitialConfig(kind: BucketConfigKind): boolean {
  return codecs[kind].initial !== null
}

/** Numbers on disk, for ever. */
const ownershipNumbers = {
  BucketOwnerEnforced: 1,
  BucketOwnerPreferred: 2,
  ObjectWriter: 3,
} as const satisfies Record<ObjectOwnership, number>

function writeOwnership(writer: RowWriter, ownership: ObjectOwnership): void {
  writer.u8(ownershipNumbers[ownership])
}

function readOwnership(reader: RowReader): ObjectOwnership {
  return named(ownershipNumbers, reader.u8(), 'ownership')
}

/** Bit i of the mask. Order on disk, for ever. */
const blockFlags = [
  'blockPublicAcls',
  'ignorePublicAcls',
  'blockPublicPolicy',
  'restrictPublicBuckets',
] as const satisfies readonly (keyof PublicAccessBlock)[]

function writeBlock(writer: RowWriter, block: PublicAccessBlock): void {
  writer.u8(blockFlags.reduce((mask, flag, bit) => mask | (block[flag] ? 1 << bit : 0), 0))
}

function readBlock(reader: RowReader): PublicAccessBlock {
  const mask = reader.u8()
  if (mask >> blockFlags.length !== 0) throw damagedRow(ROW, 'public access block')
  const [blockPublicAcls, ignorePublicAcls, blockPublicPolicy, restrictPublicBuckets] =
    blockFlags.map((_, bit) => (mask & (1 << bit)) !== 0)
  return {
    blockPublicAcls: blockPublicAcls === true,
    ignorePublicAcls: ignorePublicAcls === true,
    blockPublicPolicy: blockPublicPolicy === true,
    restrictPublicBuckets: restrictPublicBuckets === true,
  }
}

function writeTags(writer: RowWriter, tags: BucketConfigs['tags']): void {
  writer.u8(tags.length)
  for (const { key, value } of tags) writer.text(key).text(value)
}

function readTags(reader: RowReader): BucketConfigs['tags'] {
  return times(reader.u8(), () => ({ key: reader.text(), value: reader.text() }))
}

/** Numbers on disk, for ever. */
const methodNumbers = {
  GET: 1,
  PUT: 2,
  POST: 3,
  DELETE: 4,
  HEAD: 5,
} as const satisfies Record<CorsMethod, number>

function writeCors(writer: RowWriter, rules: readonly CorsRule[]): void {
  writer.u8(rules.length)
  for (const rule of rules) {
    writer.text(rule.id ?? '').u32(rule.maxAgeSeconds ?? NO_MAX_AGE)
    writer.u8(rule.methods.length)
    for (const method of rule.methods) writer.u8(methodNumbers[method])
    for (const texts of [rule.origins, rule.headers, rule.exposeHeaders]) writeTexts(writer, texts)
  }
}

function readCors(reader: RowReader): readonly CorsRule[] {
  return times(reader.u8(), () => {
    const id = reader.text()
    const maxAge = reader.u32()
    return {
      id: id === '' ? null : id,
      maxAgeSeconds: maxAge === NO_MAX_AGE ? null : maxAge,
      methods: times(reader.u8(), () => named(methodNumbers, reader.u8(), 'method')),
      origins: readTexts(reader),
      headers: readTexts(reader),
      exposeHeaders: readTexts(reader),
    }
  })
}

function writeTexts(writer: RowWriter, texts: readonly string[]): void {
  writer.u16(texts.length)
  for (const text of texts) writer.text(text)
}

function readTexts(reader: RowReader): readonly string[] {
  return times(reader.u16(), () => reader.text())
}

/** In order; an array of a damaged length would be made before the first item failed. */
function times<Item>(count: number, read: () => Item): Item[] {
  const items: Item[] = []
  for (let left = count; left > 0; left--) items.push(read())
  return items
}

function named<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  byte: number,
  field: string,
): Name {
  for (const name of Object.keys(numbers) as Name[]) {
    if (numbers[name] === byte) return name
  }
  throw damagedRow(ROW, field)
}
