/** The least a start can cost: Node that listens. */
import { createServer } from 'node:http'
import { announce } from './announce.ts'

announce(createServer((_request, response) => response.end()))
