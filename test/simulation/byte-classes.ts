/** Which kind of byte lies where in a segment file (docs/format.md). */

export interface ByteClass {
  /** Such as `segment header` or `commit payload`. */
  readonly name: string
  readonly offset: number
}

const SEGMENT_HEADER_SIZE = 128
const RECORD_HEADER_SIZE = 48
const TRAILER_SIZE = 32

const recordNames = [
  '',
  'chunk',
  'recipe',
  'commit',
  'snapshot page',
  'snapshot end',
  'index page',
  'footer',
]

/** Every byte of a segment file, named. */
export function classify(file: Buffer): ByteClass[] {
  const classes: ByteClass[] = []
  const name = (kind: string, start: number, end: number) => {
    for (let offset = start; offset < Math.min(end, file.length); offset++) {
      classes.push({ name: kind, offset })
    }
  }
  name('segment header', 0, SEGMENT_HEADER_SIZE)
  let offset = SEGMENT_HEADER_SIZE
  while (offset + RECORD_HEADER_SIZE <= file.length) {
    if (file.toString('latin1', offset, offset + 4) !== 'VREC') break
    const kind = recordNames[file[offset + 5] ?? 0] ?? 'unknown'
    const start = offset + RECORD_HEADER_SIZE
    const end = start + file.readUInt32LE(offset + 32)
    const next = (end + 7) & ~7
    name(`${kind} header`, offset, start)
    name(`${kind} payload`, start, end)
    name(`${kind} padding`, end, next)
    offset = next
  }
  if (file.length - offset === TRAILER_SIZE) name('trailer', offset, file.length)
  else name('tail', offset, file.length)
  return classes
}

/** At most `count` bytes of each class, spread evenly over the file. */
export function sample(classes: readonly ByteClass[], count: number): ByteClass[] {
  const groups = new Map<string, ByteClass[]>()
  for (const one of classes) {
    const group = groups.get(one.name)
    if (group === undefined) groups.set(one.name, [one])
    else group.push(one)
  }
  return [...groups.values()].flatMap((group) => {
    if (group.length <= count) return group
    return Array.from(
      { length: count },
      (_, index) => group[Math.floor((index * group.length) / count)]!,
    )
  })
}
