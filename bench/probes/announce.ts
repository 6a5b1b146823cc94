import type { Server } from 'node:http'

/** Listens on a free port of loopback and tells the parent which. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    process.stdout.write(`${address.port}\n`)
  })
}
