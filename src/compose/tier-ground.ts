/** Where the tiers lie: in directories, or the cold one in a bucket behind a folder of stubs. */
import type { Config } from '../config/schema.ts'
import type { FileSystem } from '../platform/file-system.ts'
import { RemoteFileSystem } from '../platform/remote/remote-file-system.ts'
import { S3Folder } from '../platform/remote/s3-folder.ts'
import type { Shipping } from '../segment/shipping.ts'
import type { TierDirectories } from '../segment/tier-directories.ts'

export interface TierPlace {
  readonly fileSystem: FileSystem
  /** The data directory. */
  readonly path: string
  readonly storeId: string
}

/** What segments are told about their tiers. */
export interface TierGround {
  /** In which files of the cold tier may be elsewhere. */
  readonly fs: FileSystem
  readonly tiers: TierDirectories
  readonly shipping: Shipping | null
  /** To be closed after the segments. */
  readonly remote: AsyncDisposable
}

/**
 * By the settings; with a bucket the cold directory is the data directory's own. What lies in the
 * data directory lies there in whichever directory of a mirror is looked at.
 */
export function tierDirectories(config: Config, path: string): TierDirectories {
  const { dataDir, warmDir, coldDir, coldBucket } = config
  const here = (directory: string) =>
    directory.startsWith(`${dataDir}/`) ? `${path}${directory.slice(dataDir.length)}` : directory
  const cold = coldBucket === null ? coldDir : coldFolder(dataDir)
  return {
    ...(warmDir === null ? {} : { warm: here(warmDir) }),
    ...(cold === null ? {} : { cold: here(cold) }),
  }
}

/** No I/O: what is there is looked at by the segments. */
export function tierGround(config: Config, { fileSystem, path, storeId }: TierPlace): TierGround {
  const tiers = tierDirectories(config, path)
  const { coldBucket: bucket } = config
  if (bucket === null) {
    return {
      fs: fileSystem,
      tiers,
      shipping: null,
      remote: { [Symbol.asyncDispose]: async () => {} },
    }
  }
  const remote = new S3Folder({
    bucket,
    endpoint: config.coldEndpoint,
    prefix: config.coldPrefix,
    region: config.coldRegion,
    accessKey: config.coldAccessKey ?? '',
    secretKey: config.coldSecretKey ?? '',
  })
  const folder = coldFolder(path)
  const fs = new RemoteFileSystem({ local: fileSystem, folder, remote, owner: storeId })
  return { fs, tiers, shipping: fs, remote }
}

/** Of what waits to be taken to the bucket, and of the stubs of what is there. */
function coldFolder(path: string): string {
  return `${path}/cold`
}
