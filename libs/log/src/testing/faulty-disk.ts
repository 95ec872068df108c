/**
 * A disk in memory that can crash at any operation. It keeps the promises of POSIX and no more, after SQLite's crash test
 * (test6.c): at a crash every write that was not synced is, each for itself, kept, lost, cut short or garbled; every change of a
 * directory that was not synced is kept or lost; what was synced stays.
 */
import type { Disk, DiskFile } from '../embedded/disk.js'
import { LogError } from '../log.js'
import type { Random } from './random.js'

/** What every operation rejects with once the machine is down. */
export class Crashed extends Error {
  override readonly name = 'Crashed'
}

interface Write {
  readonly offset: number
  readonly bytes: Buffer
}

type FileChange = Write | { readonly truncateTo: number }

class Inode {
  /** As it is on disk. */
  durable: Buffer = Buffer.alloc(0)
  /** As processes see it. */
  current: Buffer = Buffer.alloc(0)
  unsynced: FileChange[] = []

  change(change: FileChange): void {
    this.unsynced.push(change)
    this.current = changed(this.current, change)
  }

  sync(): void {
    this.durable = this.current
    this.unsynced = []
  }
}

type NameChange =
  | { readonly add: string; readonly inode: Inode }
  | { readonly remove: string }
  | { readonly rename: string; readonly to: string }

export class FaultyDisk implements Disk {
  /** Operations so far. */
  operations = 0
  /** The operation, counted from 1, at which the machine goes down. */
  crashAt = Infinity
  /** Errors that operations reject with, once each, by their number. The change of that operation is lost. */
  readonly failAt = new Map<number, Error>()
  /** Paths of files, as they are on disk and as processes see them. */
  #durableNames = new Map<string, Inode>()
  #names = new Map<string, Inode>()
  #unsyncedNames: NameChange[] = []
  #lockedBy = new Set<string>()

  /** The disk as a machine finds it that starts after a power loss. */
  afterPowerLoss(random: Random): FaultyDisk {
    const names = new Map(this.#durableNames)
    for (const change of this.#unsyncedNames) if (random.chance(0.5)) applyName(names, change)
    return FaultyDisk.#of(names, (inode) => {
      let bytes = inode.durable
      for (const change of inode.unsynced) bytes = survived(bytes, change, random)
      return bytes
    })
  }

  /** The disk as the next process finds it when only the process ended: nothing is lost. */
  afterKill(): FaultyDisk {
    return FaultyDisk.#of(this.#names, (inode) => inode.current)
  }

  static #of(names: ReadonlyMap<string, Inode>, content: (inode: Inode) => Buffer): FaultyDisk {
    const disk = new FaultyDisk()
    for (const [path, before] of names) {
      const inode = new Inode()
      inode.current = Buffer.from(content(before))
      inode.durable = inode.current
      disk.#names.set(path, inode)
      disk.#durableNames.set(path, inode)
    }
    return disk
  }

  /** Paths and contents, for tests that damage a disk at rest. */
  files(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#names].map(([path, inode]) => [path, inode.current]))
  }

  async makeDirectory(): Promise<void> {
    await this.#step()
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.#step()
    const prefix = `${directory}/`
    return [...this.#names.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
  }

  async open(path: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile> {
    const existing = this.#names.get(path)
    if (mode === 'create' && existing !== undefined) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' })
    if (mode !== 'create' && existing === undefined) throw missing(path)
    const inode = existing ?? new Inode()
    await this.#step(() => {
      if (existing === undefined) this.#changeName({ add: path, inode })
    })
    return new FaultyFile(inode, (effect) => this.#step(effect))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step(() => this.#changeName({ rename: from, to }))
  }

  async remove(path: string): Promise<void> {
    if (!this.#names.has(path)) throw missing(path)
    await this.#step(() => this.#changeName({ remove: path }))
  }

  async syncDirectory(): Promise<void> {
    await this.#step(() => {
      this.#durableNames = new Map(this.#names)
      this.#unsyncedNames = []
    })
  }

  async lock(directory: string): Promise<() => Promise<void>> {
    await this.#step()
    if (this.#lockedBy.has(directory)) throw new LogError('locked', `${directory} is in use.`)
    this.#lockedBy.add(directory)
    return async () => {
      this.#lockedBy.delete(directory)
    }
  }

  #changeName(change: NameChange): void {
    this.#unsyncedNames.push(change)
    applyName(this.#names, change)
  }

  /** One operation: its effect happens, also at the crash, where a sync may have come through though nobody heard of it. */
  async #step(effect: () => void = () => undefined): Promise<void> {
    if (this.operations >= this.crashAt) throw new Crashed('The machine is down.')
    this.operations++
    const failure = this.failAt.get(this.operations)
    if (failure !== undefined) throw failure
    if (this.operations === this.crashAt) {
      // Even operations are cut before, odd ones behind their effect; a write that happened is unsynced, so still open to all faults.
      if (this.operations % 2 === 1) effect()
      throw new Crashed('The machine goes down.')
    }
    effect()
    await new Promise(setImmediate)
    if (this.operations >= this.crashAt) throw new Crashed('The machine is down.')
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' })
}

class FaultyFile implements DiskFile {
  readonly #inode: Inode
  readonly #step: (effect?: () => void) => Promise<void>

  constructor(inode: Inode, step: (effect?: () => void) => Promise<void>) {
    this.#inode = inode
    this.#step = step
  }

  async sizeBytes(): Promise<number> {
    await this.#step()
    return this.#inode.current.byteLength
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    await this.#step()
    return this.#inode.current.copy(buffer, 0, offset)
  }

  async write(buffers: readonly Uint8Array[], offset: number): Promise<void> {
    const bytes = Buffer.concat(buffers)
    await this.#step(() => this.#inode.change({ offset, bytes }))
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#step(() => this.#inode.change({ truncateTo: sizeBytes }))
  }

  async sync(): Promise<void> {
    await this.#step(() => this.#inode.sync())
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if ('add' in change) {
    names.set(change.add, change.inode)
    return
  }
  const from = 'remove' in change ? change.remove : change.rename
  const inode = names.get(from)
  if (inode === undefined) return
  names.delete(from)
  if ('to' in change) names.set(change.to, inode)
}

function changed(before: Buffer, change: FileChange): Buffer {
  if ('truncateTo' in change) return Buffer.concat([before, Buffer.alloc(change.truncateTo)]).subarray(0, change.truncateTo)
  const after = Buffer.alloc(Math.max(before.byteLength, change.offset + change.bytes.byteLength))
  before.copy(after)
  change.bytes.copy(after, change.offset)
  return after
}

/** What a crash leaves of one change that was not synced. */
function survived(before: Buffer, change: FileChange, random: Random): Buffer {
  const fate = random.below(4)
  if (fate === 0) return before
  if (fate === 1 || 'truncateTo' in change) return changed(before, change)
  const { offset, bytes } = change
  const cut = random.below(bytes.byteLength + 1)
  if (fate === 2) return changed(before, { offset, bytes: bytes.subarray(0, cut) })
  // Garbled: the size is as if all had been written, the bytes behind the cut are anything, often zeros.
  const garbled = Buffer.from(bytes)
  for (let i = cut; i < garbled.byteLength; i++) garbled[i] = random.chance(0.5) ? 0 : random.below(256)
  return changed(before, { offset, bytes: garbled })
}
