/**
 * Text for a terminal, on one line. Keys are whatever clients made them, and may hold what a
 * terminal takes for orders, what ends a line or turns it around: all that is escaped.
 */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, escapeCharacter)
}

/** JSON that means the same, for whoever looks at it in a terminal. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escapeCharacter)
}

// Control characters, line separators, and those that set the direction of writing.
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
// JSON itself escapes the first of them, and has line feeds between its parts.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
