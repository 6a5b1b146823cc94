/** The least a small GET can cost in this house: Koa that returns 4 KiB it has in memory. */
import { createServer } from 'node:http'
import Koa from 'koa'
import { announce } from './announce.ts'

const app = new Koa()
const body = Buffer.alloc(4096, 'varve')
app.use((context) => {
  context.body = body
})
announce(createServer(app.callback()))
