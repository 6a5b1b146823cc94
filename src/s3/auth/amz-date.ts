/**
 * Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`, the form of x-amz-date (AWS General Reference,
 * "Signature Version 4"), or null when the text is none.
 */
export function parseAmzDate(text: string): number | null {
  if (!SHAPE.test(text)) return null
  const iso =
    `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 11)}:` +
    `${text.slice(11, 13)}:${text.slice(13, 15)}Z`
  const time = Date.parse(iso)
  // Some engines carry 31 February over into March.
  return Number.isNaN(time) || formatAmzDate(time) !== text ? null : time
}

export function formatAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

const SHAPE = /^\d{8}T\d{6}Z$/
