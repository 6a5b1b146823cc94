/** What the movers tell those who listen at the roof. Moves of segments are compactions. */
export type TieringEvent =
  /** Its bytes stay where they are, and are served from there; it is tried again. */
  | {
      readonly event: 'object-move-failed'
      /** Null when it is gone. */
      readonly bucket: string | null
      readonly key: string
      readonly cause: unknown
    }
  /** A cold segment lies off this machine now. */
  | { readonly event: 'segment-shipped'; readonly segment: number; readonly size: number }
  /** Nothing was changed; it is tried again later. */
  | { readonly event: 'tiering-failed'; readonly cause: unknown }

/** Called synchronously; must not throw. */
export type TieringListener = (event: TieringEvent) => void
