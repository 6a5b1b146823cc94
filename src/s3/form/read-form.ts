/**
 * The multipart/form-data of a browser's upload: its fields in memory, within bounds, and then the
 * file as a stream. What comes after the file is read to its end and counts for nothing.
 */
import type { BusboyFileStream, BusboyInstance } from '@fastify/busboy'
import { S3Error } from '../errors.ts'

/** AWS S3 User Guide, "POST object": form data without the file's content, 20 KB. */
const FIELDS_SIZE_MAX = 20 * 1024
const FIELDS_MAX = 1000
/** All that may come before the file: fields, their headers, boundaries. */
const HEAD_SIZE_MAX = 128 * 1024
const FILE_FIELD = 'file'

export interface Form {
  /** Those before the file; names are lower-case. */
  readonly fields: ReadonlyMap<string, string>
  /** As the browser named it, without directories; '' when it did not. */
  readonly fileName: string
  /**
   * Ends only when the whole form was read and is well-formed: what it gave before it throws must
   * not be kept.
   */
  readonly file: AsyncIterable<Uint8Array>
  /** Stops reading; what is unread of the body is not wanted. */
  close(): void
}

/**
 * Reads up to where the file begins.
 *
 * @throws S3Error `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, `InvalidArgument` for a
 *   repeated field or a form without a file; and what `body` throws
 */
export async function readForm(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
): Promise<Form> {
  // Most servers never see a form.
  const { Busboy } = await import('@fastify/busboy')
  return new FormReader(openParser(Busboy, contentType)).read(body)
}

function openParser(
  Busboy: typeof import('@fastify/busboy').Busboy,
  contentType: string,
): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // Some clients give every field a file name; S3 goes by the field's.
      isPartAFile: (name) => name?.toLowerCase() === FILE_FIELD,
      limits: {
        fieldNameSize: 1024,
        fieldSize: FIELDS_SIZE_MAX,
        fields: FIELDS_MAX,
        files: 1,
        parts: FIELDS_MAX + 1,
        headerPairs: 32,
        headerSize: 8 * 1024,
      },
    })
  } catch (cause) {
    throw malformed(cause)
  }
}

/** May be rejected whether or not somebody waits for it. */
class Deferred<Value> {
  readonly promise: Promise<Value>
  #resolve: (value: Value) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.promise.catch(() => {})
  }

  resolve(value: Value): void {
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }
}

class FormReader {
  readonly #parser: BusboyInstance
  readonly #fields = new Map<string, string>()
  readonly #opened = new Deferred<Form>()
  readonly #finished = new Deferred<void>()
  readonly #stopped = new Deferred<never>()
  #file: BusboyFileStream | null = null
  #fieldsSize = 0
  #headSize = 0

  constructor(parser: BusboyInstance) {
    this.#parser = parser
    parser.on('field', (name, value, nameTruncated, valueTruncated) => {
      if (nameTruncated || valueTruncated) this.#fail(tooLong())
      else this.#takeField(name, value)
    })
    parser.on('file', (_name, stream, fileName) => this.#takeFile(stream, fileName))
    parser.on('filesLimit', () => this.#fail(oneFile()))
    parser.on('fieldsLimit', () => this.#fail(tooLong()))
    parser.on('partsLimit', () => this.#fail(tooLong()))
    parser.on('error', (cause: unknown) => this.#fail(malformed(cause)))
    parser.on('finish', () => {
      if (this.#file === null) this.#fail(oneFile())
      else this.#finished.resolve()
    })
  }

  read(body: AsyncIterable<Uint8Array>): Promise<Form> {
    void this.#pump(body)
    return this.#opened.promise
  }

  async #pump(body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const piece of body) {
        this.#headSize += this.#file === null ? piece.length : 0
        await Promise.race([this.#write(piece), this.#stopped.promise])
        if (this.#file === null && this.#headSize > HEAD_SIZE_MAX) throw tooLong()
      }
      this.#parser.end()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** At the pace of whoever reads the file. */
  #write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parser.write(piece, (error) => (error == null ? resolve() : reject(malformed(error))))
    })
  }

  #takeField(name: string | undefined, value: string): void {
    // "All fields after the file are ignored": nobody checked them against the policy.
    if (this.#file !== null) return
    const lower = (name ?? '').toLowerCase()
    this.#fieldsSize += lower.length + value.length
    if (this.#fieldsSize > FIELDS_SIZE_MAX) this.#fail(tooLong())
    else if (this.#fields.has(lower)) this.#fail(repeated(lower))
    else this.#fields.set(lower, value)
  }

  #takeFile(stream: BusboyFileStream, fileName: string | undefined): void {
    this.#file = stream
    // Whoever reads the file hears of it; until then nobody else would.
    stream.on('error', () => {})
    this.#opened.resolve({
      fields: this.#fields,
      fileName: fileName ?? '',
      file: this.#bytes(stream),
      close: () => this.#fail(new Error('the form is not wanted any more')),
    })
  }

  async *#bytes(stream: BusboyFileStream): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* stream
    } catch (error) {
      throw malformed(error)
    }
    await this.#finished.promise
  }

  /** The first reason stands. */
  #fail(error: unknown): void {
    this.#opened.reject(error)
    this.#finished.reject(error)
    this.#stopped.reject(error)
    const file = this.#file
    if (file !== null && !file.readableEnded) {
      file.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

function malformed(cause: unknown): S3Error {
  return cause instanceof S3Error ? cause : new S3Error('MalformedPOSTRequest', {}, { cause })
}

function tooLong(): S3Error {
  return new S3Error('MaxPostPreDataLengthExceeded', {}, { close: true })
}

function oneFile(): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'file', ArgumentValue: '' },
    { message: 'POST requires exactly one file upload per request.' },
  )
}

function repeated(name: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: name },
    { message: `POST requires exactly one field named '${name}'.` },
  )
}
