/** What the scrubber tells those who listen at the roof. */
export type ScrubEvent =
  /** Stored bytes are not what was written. The server goes on; what is damaged is not served. */
  | {
      readonly event: 'scrub-damage'
      readonly segment: number
      readonly kind: string
      readonly offset: number
      readonly field: string
    }
  | {
      readonly event: 'scrub-pass-ended'
      readonly durationMs: number
      readonly segmentCount: number
      readonly verifiedSize: number
      readonly damageCount: number
    }
  /** A segment could not be read just now; the pass goes on with the next one. */
  | { readonly event: 'scrub-failed'; readonly segment: number; readonly cause: unknown }

/** Called synchronously; must not throw. */
export type ScrubListener = (event: ScrubEvent) => void
