/** Started by node-fs.test.ts: takes the lock named on its command line and waits to be killed. */
import { NodeFileSystem } from '../../src/platform/node-fs.ts'

const lock = await new NodeFileSystem().lock(process.argv[2] ?? '')
process.send?.(lock === null ? 'refused' : 'locked')
setInterval(() => {}, 1000)
