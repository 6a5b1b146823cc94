#!/usr/bin/env node
import { runProgram } from './cli/program.ts'

// Not left to an empty event loop: a stuck socket must not keep a stopped server alive.
process.exit(await runProgram(process.argv))
