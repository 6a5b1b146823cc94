/**
 * The least a durable PUT can cost: node:http, MD5 and SHA-256 of the body, one append to a file
 * that all requests of the moment share, one fdatasync, the reply.
 */
import { createHash } from 'node:crypto'
import { fdatasync, openSync, writev } from 'node:fs'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { announce } from './announce.ts'

const append = promisify(writev)
const sync = promisify(fdatasync)
const fd = openSync(process.argv[2] ?? 'probe.bin', 'a')
let gathering: { readonly bytes: Buffer; readonly done: () => void }[] = []
let isSyncing = false

async function commitGroups(): Promise<void> {
  if (isSyncing) return
  isSyncing = true
  while (gathering.length > 0) {
    const group = gathering
    gathering = []
    await append(
      fd,
      group.map(({ bytes }) => bytes),
    )
    await sync(fd)
    for (const { done } of group) done()
  }
  isSyncing = false
}

/** Bodies up to this size are gathered for a shared append; larger ones are written as they come. */
const GATHER_SIZE_MAX = 1024 * 1024

const server = createServer((request, response) => {
  const md5 = createHash('md5')
  const sha256 = createHash('sha256')
  let pieces: Buffer[] = []
  let size = 0
  let writes = Promise.resolve()
  request.on('data', (piece: Buffer) => {
    md5.update(piece)
    sha256.update(piece)
    pieces.push(piece)
    size += piece.length
    if (size < GATHER_SIZE_MAX) return
    const batch = pieces
    pieces = []
    size = 0
    request.pause()
    writes = append(fd, batch).then(() => {
      request.resume()
    })
  })
  request.on('end', async () => {
    await writes
    sha256.digest()
    const etag = md5.digest('hex')
    gathering.push({
      bytes: Buffer.concat(pieces),
      done: () => response.writeHead(200, { etag: `"${etag}"`, 'content-length': '0' }).end(),
    })
    await commitGroups()
  })
})
announce(server)
