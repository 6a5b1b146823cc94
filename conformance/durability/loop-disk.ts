/**
 * An ext4 file system in an image file, whose power can be cut: the shutdown ioctl drops what the
 * kernel holds in memory and has not written, journal included, and refuses all further I/O. Needs
 * root, loop devices, and from Debian what every Debian has: mount, mkfs.ext4 and perl.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** FS_IOC_SHUTDOWN with FS_SHUTDOWN_FLAGS_NOLOGFLUSH: _IOR('X', 125, __u32), 2. */
const CUT = `
  open(my $folder, '<', $ARGV[0]) or die "open: $!";
  my $flags = pack('L', 2);
  ioctl($folder, 0x8004587d, $flags) or die "shutdown: $!";
`
const UNMOUNT_TRIES = 100

export class LoopDisk implements AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string
  readonly #folder: string
  readonly #image: string
  #isMounted = false

  private constructor(folder: string) {
    this.#folder = folder
    this.#image = path.join(folder, 'image')
    this.path = path.join(folder, 'disk')
  }

  /** Of `size` bytes, mounted. The image takes as much room as was written to it. */
  static async make(size: number): Promise<LoopDisk> {
    const disk = new LoopDisk(await mkdtemp(path.join(tmpdir(), 'varve-disk-')))
    try {
      const file = await open(disk.#image, 'wx')
      await file.truncate(size)
      await file.close()
      await mkdir(disk.path)
      await run('mkfs.ext4', ['-q', '-F', disk.#image])
      await disk.mount()
    } catch (error) {
      await disk[Symbol.asyncDispose]()
      throw error
    }
    return disk
  }

  async mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.#image, this.path])
    this.#isMounted = true
  }

  async cutPower(): Promise<void> {
    await run('perl', ['-e', CUT, this.path])
  }

  /**
   * As the kernel does when a disk fails under ext4: nothing can be written until it is mounted
   * anew, what is there can be read.
   */
  async fail(): Promise<void> {
    await run('mount', ['-o', 'remount,abort', this.path])
  }

  /** Waits for the last process that uses it to let go. */
  async unmount(): Promise<void> {
    for (let tries = 0; this.#isMounted; tries++) {
      try {
        await run('umount', [this.path])
        this.#isMounted = false
      } catch (error) {
        if (tries === UNMOUNT_TRIES) throw error
        await sleep(20)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Why power cannot be cut on this machine; null when it can, which is tried. */
export async function reasonNotToCut(): Promise<string | null> {
  if (process.platform !== 'linux') return 'not Linux'
  if (process.getuid?.() !== 0) return 'not root'
  try {
    await using disk = await LoopDisk.make(16 * 1024 * 1024)
    await disk.cutPower()
    return null
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return text.replaceAll(/\s+/g, ' ').slice(0, 200)
  }
}
