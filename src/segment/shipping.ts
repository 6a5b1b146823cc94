/** Takes files elsewhere, and has them read from there under their old paths. */
export interface Shipping {
  /**
   * Resolves once the file is proven to be there, and is here no more but for its first and last
   * bytes. When it rejects, the file is where it was. Can be called again, also after a crash.
   */
  ship(path: string, kept: ShippingKept, signal: AbortSignal): Promise<void>
  isAway(path: string): Promise<boolean>
}

/** What is read from here on: the first bytes, and all from an offset on. */
export interface ShippingKept {
  readonly headSize: number
  readonly tailStart: number
}
