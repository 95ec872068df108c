/**
 * What the embedded log needs of a disk. Two disks implement it: the machine's file system (real-disk.ts) and the one of the tests
 * that loses, cuts and garbles what was not synced (testing/faulty-disk.ts). The promises are those of POSIX and no more: a write is
 * on disk after `sync` of its file, a new or changed name after `syncDirectory` of its directory.
 */
export interface Disk {
  makeDirectory(path: string): Promise<void>
  /** Names in a directory, in no order. */
  list(directory: string): Promise<readonly string[]>
  /** `create` fails where the file exists; `write` and `read` fail where it does not. */
  open(path: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  /** A file that is still open can be read on. */
  remove(path: string): Promise<void>
  syncDirectory(directory: string): Promise<void>
  /** Keeps other writers out of a directory until the answered function is called. Rejects with LogError locked. */
  lock(directory: string): Promise<() => Promise<void>>
}

export interface DiskFile {
  sizeBytes(): Promise<number>
  /** Reads until the buffer is full or the file ends; answers the bytes read. */
  read(buffer: Uint8Array, offset: number): Promise<number>
  /** Writes all buffers, one behind the other, or rejects; after a rejection any part may have been written. */
  write(buffers: readonly Uint8Array[], offset: number): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** A small file as a whole; undefined where there is none. */
export async function readWhole(disk: Disk, directory: string, name: string): Promise<Buffer | undefined> {
  if (!(await disk.list(directory)).includes(name)) return undefined
  const file = await disk.open(`${directory}/${name}`, 'read')
  try {
    const buffer = Buffer.alloc(await file.sizeBytes())
    const bytes = await file.read(buffer, 0)
    return buffer.subarray(0, bytes)
  } finally {
    await file.close()
  }
}

/** Puts a small file in place so that after a crash either the old one or the new one is there, whole. */
export async function replaceWhole(disk: Disk, directory: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = `${directory}/${name}.new`
  if ((await disk.list(directory)).includes(`${name}.new`)) await disk.remove(temporary)
  const file = await disk.open(temporary, 'create')
  try {
    await file.write([content], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(temporary, `${directory}/${name}`)
  await disk.syncDirectory(directory)
}
