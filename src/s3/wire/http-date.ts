/** Seconds-exact date of a header, as IMF-fixdate (RFC 9110 §5.6.7). */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}

/**
 * Milliseconds since the epoch of an HTTP date in any of its three forms (RFC 9110 §5.6.7), or null
 * when the text is none. Stricter than Date.parse, which takes almost anything.
 */
export function parseHttpDate(text: string): number | null {
  const match = IMF_FIXDATE.exec(text)
  if (match !== null) return toTime(match[3]!, match[2]!, match[1]!, match[4]!)
  const asctime = ASCTIME.exec(text)
  if (asctime !== null) return toTime(asctime[4]!, asctime[1]!, asctime[2]!, asctime[3]!)
  const obsolete = RFC_850.exec(text)
  if (obsolete !== null) {
    return toTime(fullYear(obsolete[3]!), obsolete[2]!, obsolete[1]!, obsolete[4]!)
  }
  return null
}

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const TIME = '(\\d\\d:\\d\\d:\\d\\d)'
const IMF_FIXDATE = new RegExp(
  `^${DAY}, (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} (?:GMT|UTC|[+-]0000)$`,
)
const ASCTIME = new RegExp(`^${DAY} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`)
const RFC_850 = new RegExp(`^[A-Z][a-z]+day, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`)
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function toTime(year: string, monthName: string, day: string, clock: string): number | null {
  const month = MONTHS.indexOf(monthName)
  const hour = Number(clock.slice(0, 2))
  const minute = Number(clock.slice(3, 5))
  const second = Number(clock.slice(6, 8))
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return null
  const time = Date.UTC(Number(year), month, Number(day), hour, minute, second)
  // Date.UTC carries 31 February over into March.
  return new Date(time).getUTCMonth() === month || second === 60 ? time : null
}

/** RFC 9110: a two-digit year more than 50 years ahead means the most recent past one. */
function fullYear(twoDigits: string): string {
  const thisYear = new Date().getUTCFullYear()
  const year = Math.floor(thisYear / 100) * 100 + Number(twoDigits)
  return String(year > thisYear + 50 ? year - 100 : year)
}
