/** The machine's file system as a {@link Disk}. */
import * as fs from 'node:fs'
import * as fsp from 'node:fs/promises'
import type { Disk, DiskFile } from './disk.js'
import { lockDirectory } from './lock.js'

export const realDisk: Disk = {
  async makeDirectory(path) {
    await fsp.mkdir(path, { recursive: true })
  },
  async list(directory) {
    return fsp.readdir(directory)
  },
  async open(path, mode) {
    return new RealFile(await openDescriptor(path, mode === 'create' ? 'wx+' : mode === 'write' ? 'r+' : 'r'))
  },
  async rename(from, to) {
    await fsp.rename(from, to)
  },
  async remove(path) {
    await fsp.unlink(path)
  },
  async syncDirectory(directory) {
    // Windows cannot open a directory for syncing, and needs not: there a rename is written through.
    if (process.platform === 'win32') return
    const handle = await fsp.open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  lock: lockDirectory,
}

/** Descriptors and callbacks instead of FileHandle: one write and one sync per commit are the hot path. */
class RealFile implements DiskFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  sizeBytes(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#descriptor, (error, stats) => (error ? reject(error) : resolve(stats.size)))
    })
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    let done = 0
    while (done < buffer.byteLength) {
      const bytes = await this.#readSome(buffer, done, offset + done)
      if (bytes === 0) break
      done += bytes
    }
    return done
  }

  #readSome(buffer: Uint8Array, at: number, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, buffer, at, buffer.byteLength - at, offset, (error, bytes) => (error ? reject(error) : resolve(bytes)))
    })
  }

  async write(buffers: readonly Uint8Array[], offset: number): Promise<void> {
    let rest: readonly Uint8Array[] = buffers
    let at = offset
    while (rest.length > 0) {
      const written = await this.#writeSome(rest, at)
      at += written
      rest = without(rest, written)
    }
  }

  #writeSome(buffers: readonly Uint8Array[], offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, bytes: number): void => (error ? reject(error) : resolve(bytes))
      if (buffers.length === 1) fs.write(this.#descriptor, buffers[0]!, 0, buffers[0]!.byteLength, offset, done)
      else fs.writev(this.#descriptor, buffers, offset, done)
    })
  }

  truncate(sizeBytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.ftruncate(this.#descriptor, sizeBytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.close(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }
}

function openDescriptor(path: string, flags: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o640, (error, descriptor) => (error ? reject(error) : resolve(descriptor)))
  })
}

/** What is left of the buffers behind the first `bytes`. */
function without(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes
  let i = 0
  while (i < buffers.length && skip >= buffers[i]!.byteLength) skip -= buffers[i++]!.byteLength
  return skip === 0 ? buffers.slice(i) : [buffers[i]!.subarray(skip), ...buffers.slice(i + 1)]
}
