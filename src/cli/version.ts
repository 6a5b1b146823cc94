import { Command } from 'commander'
import { VERSION } from '../config/version.ts'
import { FORMAT_VERSION } from '../data-directory.ts'

/** `varve version`: what runs, and the format of the data it writes. */
export function versionVerb(): Command {
  return new Command('version')
    .description('Print the version, the format of data directories, and the version of Node.')
    .action(() => {
      process.stdout.write(`varve ${VERSION} (format ${FORMAT_VERSION}, Node ${process.version})\n`)
    })
}
