/** One client that writes to keys of its own, in every way there is, until the server dies. */
import type { Wire, WireReply, WireRequest } from '../harness/wire.ts'
import { element } from '../harness/xml.ts'
import { bytesOf, type Oracle, type State, type Value } from './oracle.ts'

const KIB = 1024
const SIZES = [0, 1, 100, 4 * KIB, 4 * KIB, 4 * KIB, 60 * KIB, 70 * KIB, 70 * KIB, 300 * KIB]
const LARGE_SIZE = 2_500 * KIB
const LARGE_RATE = 0.02
/** The least S3 allows for a part that is not the last. */
const PART_SIZE = 5 * KIB * KIB
const TWO_PARTS_RATE = 0.15
/** Of the hot, the warm and the cold tier. */
const STORAGE_CLASSES = ['STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER_IR']

export interface WriterOptions {
  readonly wire: Wire
  readonly oracle: Oracle
  readonly bucket: string
  readonly name: string
  readonly keyCount: number
  readonly random: () => number
}

/** The server said no: not a crash, and therefore a failure of its own. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export class Writer {
  readonly #options: WriterOptions
  /** What this writer believes of its keys, to choose sources of copies. */
  readonly #known = new Map<string, State>()
  acknowledgedCount = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Tells the writer what a crash left. */
  learn(key: string, state: State): void {
    if (key.startsWith(`${this.#options.name}/`)) this.#known.set(key, state)
  }

  /** Writes until the connection breaks, or until the server `isDying`: then it may refuse too. */
  async run(isDying: () => boolean): Promise<void> {
    while (!isDying()) {
      try {
        await this.#once()
      } catch (error) {
        if (error instanceof Refused && !isDying()) throw error
        return
      }
    }
  }

  async #once(): Promise<void> {
    const { keyCount, name, random } = this.#options
    const key = `${name}/${Math.floor(random() * keyCount)}`
    const dice = random()
    if (dice < 0.15) return await this.#change(key, null, () => this.#delete(key))
    if (dice < 0.3) return await this.#copy(key)
    if (dice < 0.35) return await this.#multipart(key)
    const small = SIZES[Math.floor(random() * SIZES.length)] ?? 0
    const value = this.#value([random() < LARGE_RATE ? LARGE_SIZE : small])
    return await this.#change(key, value, async () => await this.#put(key, value))
  }

  async #change(key: string, next: State, act: () => Promise<void>): Promise<void> {
    const id = await this.#options.oracle.intend(key, next)
    await act()
    await this.#options.oracle.acknowledged(id)
    this.#known.set(key, next)
    this.acknowledgedCount++
  }

  async #put(key: string, value: Value): Promise<void> {
    const headers = this.#storageClass()
    await this.#ok({ method: 'PUT', path: this.#path(key), headers, body: bytesOf(value) })
  }

  async #delete(key: string): Promise<void> {
    await this.#ok({ method: 'DELETE', path: this.#path(key) })
  }

  async #copy(key: string): Promise<void> {
    const { random } = this.#options
    // Onto itself too: that takes an object to another tier.
    const sources = [...this.#known].filter(([, state]) => state !== null)
    const source = sources[Math.floor(random() * sources.length)]
    if (source === undefined) return
    const headers = { 'x-amz-copy-source': this.#path(source[0]), ...this.#storageClass() }
    await this.#change(key, source[1], async () => {
      await this.#ok({ method: 'PUT', path: this.#path(key), headers })
    })
  }

  /** Only the last step may change the object; before it, the old one must stay. */
  async #multipart(key: string): Promise<void> {
    const path = this.#path(key)
    const isLong = this.#options.random() < TWO_PARTS_RATE
    const value = this.#value(isLong ? [PART_SIZE, 10 * KIB] : [80 * KIB])
    const headers = this.#storageClass()
    const begun = await this.#ok({ method: 'POST', path, headers, query: 'uploads=' })
    const upload = `uploadId=${encodeURIComponent(element(begun.text, 'UploadId') ?? '')}`
    const parts: string[] = []
    for (const [at, piece] of value.entries()) {
      const query = `partNumber=${at + 1}&${upload}`
      const reply = await this.#ok({ method: 'PUT', path, query, body: bytesOf([piece]) })
      const numbers = `<PartNumber>${at + 1}</PartNumber><ETag>${reply.headers.etag}</ETag>`
      parts.push(`<Part>${numbers}</Part>`)
    }
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    await this.#change(key, value, async () => {
      await this.#ok({ method: 'POST', path, query: upload, body })
    })
  }

  #value(sizes: readonly number[]): Value {
    return sizes.map((size) => ({ seed: Math.floor(this.#options.random() * 2 ** 32), size }))
  }

  #storageClass(): { readonly 'x-amz-storage-class': string } {
    const pick = Math.floor(this.#options.random() * STORAGE_CLASSES.length)
    return { 'x-amz-storage-class': STORAGE_CLASSES[pick] ?? 'STANDARD' }
  }

  #path(key: string): string {
    return `/${this.#options.bucket}/${key}`
  }

  async #ok(request: WireRequest): Promise<WireReply> {
    const payload = request.body === undefined ? {} : { payloadHash: 'UNSIGNED-PAYLOAD' }
    const reply = await this.#options.wire.send({ ...request, ...payload })
    if (reply.status < 300 && reply.code === null) return reply
    throw new Refused(`${request.method} ${request.path}: ${reply.status} ${reply.text}`)
  }
}
