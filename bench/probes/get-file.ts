/** The least a large GET can cost: node:http piping a file. */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { announce } from './announce.ts'

const path = process.argv[2] ?? 'probe.bin'
const { size } = statSync(path)
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-length': String(size) })
  createReadStream(path).pipe(response)
})
announce(server)
