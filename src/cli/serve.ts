import { Command } from 'commander'
import { diskGround } from '../compose/ground.ts'
import { type RunningServer, startServer } from '../compose/start-server.ts'
import type { Config } from '../config/schema.ts'
import { VERSION } from '../config/version.ts'
import type { Log } from '../telemetry/log.ts'
import { openLog } from '../telemetry/pino-log.ts'
import { banner } from './banner.ts'
import { addSettingFlags, loadSettings, type ParsedFlags, takeUnknown } from './settings-flags.ts'
import { StartupError } from './startup-error.ts'
import { listenForStop } from './stop-signals.ts'

/** `varve serve`: runs the server until it is told to stop. */
export function serveVerb(): Command {
  return takeUnknown(addSettingFlags(new Command('serve')))
    .description('Run the server.')
    .action(async (flags: ParsedFlags, { args }: Command) => {
      const { config } = await loadSettings(flags, args)
      await serve(config, openLog(config.logLevel))
    })
}

async function serve(config: Config, log: Log): Promise<void> {
  // Before anything is opened, so that a signal during the start is not lost.
  const signals = listenForStop((exitCode) => {
    log.warn({}, 'stopped at once by a second signal')
    log.flush()
    process.exit(exitCode)
  })
  try {
    const server = await start(config, log)
    process.stdout.write(bannerOf(server, config))
    const signal = await signals.first
    log.info({ signal, drainTimeoutMs: config.drainTimeoutMs }, 'stopping')
    const isClean = await server.stop()
    log.info({ isClean }, 'stopped')
  } finally {
    signals.release()
    log.flush()
  }
}

async function start(config: Config, log: Log): Promise<RunningServer> {
  try {
    return await startServer({ config, log, ground: await diskGround() })
  } catch (cause) {
    log.debug({ cause }, 'the start failed')
    throw new StartupError(config, cause)
  }
}

function bannerOf({ endpoint, root, isRootNew }: RunningServer, config: Config): string {
  return banner({
    version: VERSION,
    dataDir: config.dataDir,
    endpoint,
    region: config.region,
    accessKey: root.accessKey,
    newSecretKey: isRootNew ? root.secretKey : null,
    isConfigured: config.rootAccessKey !== null,
  })
}
