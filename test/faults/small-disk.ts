/**
 * A file system of its own, in memory, that can be filled up. It lives in a namespace that a process of ours holds, so that no right over the
 * machine is needed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A log, an embedded database with its journal, and a few hundred megabytes that are left. */
const SIZE = '448m'

export class SmallDisk {
  /** @param holder goes when we are gone */
  private constructor(private readonly holder: ChildProcess, private readonly place: string) {}

  /** Undefined where this machine does not let us mount in a namespace of our own. */
  static async open(): Promise<SmallDisk | undefined> {
    const place = await mkdtemp(join(tmpdir(), 'tidemark-disk-'))
    const script = `mount -t tmpfs -o size=${SIZE} none '${place}' && echo mounted && exec cat`
    const holder = spawn('unshare', ['-Urm', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
    const mounted = await Promise.race([once(holder.stdout, 'data').then(() => true), once(holder, 'exit').then(() => false), once(holder, 'error').then(() => false)])
    const disk = new SmallDisk(holder, place)
    if (mounted) return disk
    await disk.close()
    return undefined
  }

  /** As everybody sees it. */
  get path(): string {
    return `/proc/${this.holder.pid}/root${this.place}`
  }

  /** To the last byte. */
  async fill(): Promise<void> {
    const ballast = await open(this.#ballast, 'a')
    try {
      for (const size of [1_048_576, 4_096]) await writeUntilFull(() => ballast.write(Buffer.alloc(size)))
    } finally {
      await ballast.close()
    }
  }

  async makeRoom(): Promise<void> {
    await rm(this.#ballast, { force: true })
  }

  async close(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null && this.holder.kill('SIGKILL')) await once(this.holder, 'exit')
    await rm(this.place, { recursive: true, force: true })
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }
}

async function writeUntilFull(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
}
