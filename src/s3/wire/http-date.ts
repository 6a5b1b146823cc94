/** Seconds-exact date of a header, as IMF-fixdate (RFC 9110 §5.6.7). */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}

/**
 * Milliseconds since the epoch of an HTTP date in any of its three forms (RFC 9110 §5.6.7), or null
 * when the text is none. Stricter than Date.parse, which takes almost anything.
 */
export function parseHttpDate(text: string): number | null {
  const fixdate = IMF_FIXDATE.exec(text)
  if (fixdate !== null) {
    const [, day = '', month = '', year = '', clock = ''] = fixdate
    return toTime({ year, month, day, clock })
  }
  const asctime = ASCTIME.exec(text)
  if (asctime !== null) {
    const [, month = '', day = '', clock = '', year = ''] = asctime
    return toTime({ year, month, day, clock })
  }
  const obsolete = RFC_850.exec(text)
  if (obsolete === null) return null
  const [, day = '', month = '', year = '', clock = ''] = obsolete
  return toTime({ year: fullYear(year), month, day, clock })
}

interface DateParts {
  readonly year: string
  readonly month: string
  readonly day: string
  /** HH:MM:SS. */
  readonly clock: string
}

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const TIME = '(\\d\\d:\\d\\d:\\d\\d)'
const IMF_FIXDATE = new RegExp(
  `^${DAY}, (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} (?:GMT|UTC|[+-]0000)$`,
)
const ASCTIME = new RegExp(`^${DAY} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`)
const RFC_850 = new RegExp(`^[A-Z][a-z]+day, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`)
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function toTime(parts: DateParts): number | null {
  const { clock } = parts
  const month = MONTHS.indexOf(parts.month)
  const hour = Number(clock.slice(0, 2))
  const minute = Number(clock.slice(3, 5))
  const second = Number(clock.slice(6, 8))
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return null
  const time = Date.UTC(Number(parts.year), month, Number(parts.day), hour, minute, second)
  // Date.UTC carries 31 February over into March.
  return new Date(time).getUTCMonth() === month || second === 60 ? time : null
}

/** RFC 9110: a two-digit year more than 50 years ahead means the most recent past one. */
function fullYear(twoDigits: string): string {
  const thisYear = new Date().getUTCFullYear()
  const year = Math.floor(thisYear / 100) * 100 + Number(twoDigits)
  return String(year > thisYear + 50 ? year - 100 : year)
}
