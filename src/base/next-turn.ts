/** Lets everything else that waits have its turn of the event loop: long work must not hold it up. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
