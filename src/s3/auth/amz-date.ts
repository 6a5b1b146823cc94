/**
 * Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`, the form of x-amz-date (AWS General
 * Reference, "Signature Version 4"), or null when the text is none.
 */
export function parseAmzDate(text: string): number | null {
  if (text !== last.text) last = { text, time: parse(text) }
  return last.time
}

/** Requests that come together mostly bear the same second. */
let last: { readonly text: string; readonly time: number | null } = { text: '', time: null }

function parse(text: string): number | null {
  if (!SHAPE.test(text)) return null
  const [month, day] = [Number(text.slice(4, 6)), Number(text.slice(6, 8))]
  const [hour, minute] = [Number(text.slice(9, 11)), Number(text.slice(11, 13))]
  const second = Number(text.slice(13, 15))
  if (hour > 23 || minute > 59 || second > 59) return null
  const time = Date.UTC(Number(text.slice(0, 4)), month - 1, day, hour, minute, second)
  // Date.UTC carries what is too much over: 31 February into March, month 13 into next year.
  const date = new Date(time)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : null
}

export function formatAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

const SHAPE = /^\d{8}T\d{6}Z$/
