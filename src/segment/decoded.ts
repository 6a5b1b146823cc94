/** What a decoder answers instead of a value: the first field that does not hold. */
export interface Damage {
  readonly damaged: string
}

/** Decoders answer rather than throw: a scan meets damage as a matter of course. */
export type Decoded<Value extends object> = Value | Damage

/** Tells what a decoder refused from what it decoded. */
export function isDamage(decoded: object): decoded is Damage {
  return 'damaged' in decoded
}

/** Whether bytes start … end-1 are zero, as every reserved field must be. */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0) return false
  }
  return true
}
