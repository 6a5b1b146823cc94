declare const brand: unique symbol

/** A value that was validated by the one function that makes it. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name }
