/** The kinds of value a setting can have: how each is read, written and described. */

/** How text (a flag, a variable) or a JSON value (a file) becomes a value, and back. */
export interface Kind<Value> {
  /** Ends the sentence "expected …". */
  readonly expects: string
  /** Undefined when the input is not of this kind. */
  parse(input: unknown): Value | undefined
  /** As it can be given again. */
  format(value: Value): string
}

/** Text of one line. `pattern` must match all of it. */
export function text(expects: string, pattern: RegExp): Kind<string> {
  return {
    expects,
    parse: (input) => (typeof input === 'string' && pattern.test(input) ? input : undefined),
    format: (value) => value,
  }
}

/** Bounds are inclusive. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

export function integer({ min, max }: Bounds): Kind<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    parse(input) {
      const value = typeof input === 'string' && /^\d{1,15}$/.test(input) ? Number(input) : input
      return Number.isSafeInteger(value) ? within(value as number, { min, max }) : undefined
    },
    format: String,
  }
}

const units = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
] as const

/** A number of bytes, plain or with a binary unit: 65536, "64KiB", "1 GiB". */
export function size({ min, max }: Bounds): Kind<number> {
  return {
    expects: `bytes, or a number with KiB, MiB or GiB, from ${formatSize(min)} to ${formatSize(max)}`,
    parse(input) {
      if (typeof input === 'number') {
        return Number.isSafeInteger(input) ? within(input, { min, max }) : undefined
      }
      const match = typeof input === 'string' ? /^(\d{1,15}) ?([KMGT]iB|B)?$/.exec(input) : null
      if (match === null) return undefined
      const factor = units.find(([name]) => name === (match[2] ?? 'B'))?.[1] ?? 1
      return within(Number(match[1]) * factor, { min, max })
    },
    format: formatSize,
  }
}

export function choice<const Value extends string>(values: readonly Value[]): Kind<Value> {
  return {
    expects: `one of ${values.join(', ')}`,
    parse: (input) => values.find((value) => value === input),
    format: (value) => value,
  }
}

/** Comma-separated text, or an array in a file. Empty items are skipped, repeated ones kept once. */
export function list<Value>(item: Kind<Value>, expects: string): Kind<readonly Value[]> {
  return {
    expects,
    parse(input) {
      const parts = typeof input === 'string' ? input.split(',').map((part) => part.trim()) : input
      if (!Array.isArray(parts)) return undefined
      const values = new Set<Value>()
      for (const part of parts) {
        if (part === '') continue
        const value = item.parse(part)
        if (value === undefined) return undefined
        values.add(value)
      }
      return [...values]
    },
    format: (values) => values.map((value) => item.format(value)).join(','),
  }
}

/** A kind whose setting may be left unset: null, and no text means it. */
export function optional<Value>(kind: Kind<Value>): Kind<Value | null> {
  return {
    expects: kind.expects,
    parse: (input) => kind.parse(input),
    format: (value) => (value === null ? '' : kind.format(value)),
  }
}

function within(value: number, { min, max }: Bounds): number | undefined {
  return value >= min && value <= max ? value : undefined
}

/** In the largest unit that divides it. */
export function formatSize(bytes: number): string {
  const [name, factor] = units.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['B', 1]
  return name === 'B' ? String(bytes) : `${bytes / factor}${name}`
}
