/**
 * Opening what a process left behind, however it ended. Only the last segment can end in the middle of a write, so only that one is
 * scanned; the others are known from their index files.
 *
 * **Torn tail or damage?** Every frame says how many bytes of its segment were on disk when it was written. Where a frame is bad and
 * a sound one behind it says that these bytes were on disk, then what was acknowledged has been damaged since: refuse, name the range.
 * Where none says so, the bytes were never promised: cut them off. Between segments there is no question, because a new segment is
 * made only when the one before is on disk, and takes entries only when its first marker is.
 */
import { LogError } from '../log.js'
import type { Disk, DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import { FRAME_HEADER_BYTES, MAGIC_BYTES } from './frame.js'
import type { Identity } from './identity.js'
import { createIdentity, readIdentity } from './identity.js'
import { readSummary } from './index-file.js'
import { Segment, baseOfName, segmentName } from './segment.js'
import { SparseIndex } from './sparse-index.js'

/** Bytes that are searched at a time for a sound frame behind a bad one. */
const SEARCH_BYTES = 1024 * 1024

export interface Recovered extends Identity {
  /** Segments that take no more frames, by ascending base. */
  readonly closed: Segment[]
  /** Open for writing, held as one user. */
  readonly active: Segment
  /** In plain words, oldest first. */
  readonly notes: string[]
}

/**
 * `onFrame` is called for each frame of the last `rememberedBytes` or more, oldest first: what a restart must remember of them.
 * Throws LogError corrupt.
 */
export async function recover(disk: Disk, directory: string, rememberedBytes: number, onFrame: (frame: Frame) => void): Promise<Recovered> {
  const names = await disk.list(directory)
  const bases = names.map(baseOfName).filter((base) => base !== undefined).sort((a, b) => a - b)
  const known = await readIdentity(disk, directory)
  if (known === undefined && bases.length > 0) {
    throw new LogError('corrupt', `${directory}/log.id is missing, though the directory holds a log. Restore it from a backup.`)
  }
  const identity = known ?? (await createIdentity(disk, directory))
  await removeOrphans(disk, directory, names)
  const notes: string[] = []
  const unborn = await dropUnborn(disk, directory, bases, identity.salt, notes)
  const lastBase = bases.pop()
  const closed = await openClosed(disk, directory, bases, lastBase, identity.salt)
  if (lastBase === undefined) {
    return { ...identity, closed, active: await Segment.create(disk, directory, unborn ?? 1, 0, identity.salt), notes }
  }
  const active = new Segment(disk, directory, lastBase, identity.salt)
  await active.openToWrite()
  try {
    await remember(closed, rememberedBytes - (await active.file.sizeBytes()), onFrame)
    await scanActive(active, disk, directory, notes, onFrame)
  } catch (error) {
    await active.release()
    throw error
  }
  return { ...identity, closed, active, notes }
}

/**
 * A segment that was being made when the process ended: its first marker was not on disk, so nothing stands behind it. Takes it off
 * `bases` and answers its base.
 */
async function dropUnborn(
  disk: Disk, directory: string, bases: number[], salt: number, notes: string[],
): Promise<number | undefined> {
  const base = bases.at(-1)
  if (base === undefined) return undefined
  const segment = new Segment(disk, directory, base, salt)
  const file = await segment.retain()
  try {
    const sizeBytes = await file.sizeBytes()
    if (sizeBytes > FRAME_HEADER_BYTES || (await segment.walk(file, 0).next(sizeBytes)) !== undefined) return undefined
  } finally {
    await segment.release()
  }
  await disk.remove(segment.path)
  await disk.syncDirectory(directory)
  bases.pop()
  notes.push(`Removed ${segmentName(base)}: it was being made when the process ended, and holds nothing.`)
  return base
}

/** Index files whose segments were trimmed. */
async function removeOrphans(disk: Disk, directory: string, names: readonly string[]): Promise<void> {
  const present = new Set(names)
  const orphans = names.filter((name) => name.endsWith('.idx') && !present.has(name.replace(/idx$/, 'log')))
  for (const name of orphans) await disk.remove(`${directory}/${name}`)
}

async function openClosed(
  disk: Disk, directory: string, bases: readonly number[], lastBase: number | undefined, salt: number,
): Promise<Segment[]> {
  const closed: Segment[] = []
  for (const [i, base] of bases.entries()) closed.push(await openOneClosed(disk, directory, base, (bases[i + 1] ?? lastBase)!, salt))
  return closed
}

async function openOneClosed(disk: Disk, directory: string, base: number, following: number, salt: number): Promise<Segment> {
  const unknown = new Segment(disk, directory, base, salt)
  const file = await unknown.retain()
  try {
    const sizeBytes = await file.sizeBytes()
    const summary = await readSummary(disk, unknown.indexPath, salt)
    if (summary !== undefined && summary.base === base && summary.sizeBytes === sizeBytes && summary.next === following) {
      return Segment.fromSummary(disk, directory, summary, salt)
    }
    const index = new SparseIndex()
    unknown.index = index
    await scan(unknown, file, sizeBytes, () => undefined)
    if (unknown.sizeBytes < sizeBytes || unknown.next !== following) throw damaged(unknown, unknown.next, following)
    unknown.syncedBytes = sizeBytes
    unknown.index = undefined
    await unknown.writeIndexFile(index)
    return unknown
  } finally {
    await unknown.release()
  }
}

/** Frames of the newest closed segments that hold the wanted number of bytes together. */
async function remember(closed: readonly Segment[], bytes: number, onFrame: (frame: Frame) => void): Promise<void> {
  let first = closed.length
  for (let left = bytes; first > 0 && left > 0; first--) left -= closed[first - 1]!.sizeBytes
  for (const segment of closed.slice(first)) {
    const file = await segment.retain()
    try {
      const walk = segment.walk(file, 0)
      for (let frame = await walk.next(segment.sizeBytes); frame !== undefined; frame = await walk.next(segment.sizeBytes)) onFrame(frame)
      if (walk.offset < segment.sizeBytes) throw damaged(segment, segment.base, segment.next)
    } finally {
      await segment.release()
    }
  }
}

async function scanActive(
  active: Segment, disk: Disk, directory: string, notes: string[], onFrame: (frame: Frame) => void,
): Promise<void> {
  const { file } = active
  const sizeBytes = await file.sizeBytes()
  active.index = new SparseIndex()
  await scan(active, file, sizeBytes, onFrame)
  if (active.sizeBytes === 0) throw damaged(active, active.base, undefined)
  if (active.sizeBytes < sizeBytes) {
    await refuseDamage(active, file, sizeBytes)
    await file.truncate(active.sizeBytes)
    const cutBytes = sizeBytes - active.sizeBytes
    notes.push(`Cut ${cutBytes} bytes of an unfinished write off ${segmentName(active.base)}, behind position ${active.next - 1}.`)
  }
  // Also where nothing was cut: what was found may still be in the system's cache only, and readers are about to see it.
  await file.sync()
  await disk.syncDirectory(directory)
  active.syncedBytes = active.sizeBytes
}

/** Takes sound frames into account until the first bad one. */
async function scan(segment: Segment, file: DiskFile, sizeBytes: number, onFrame: (frame: Frame) => void): Promise<void> {
  const walk = segment.walk(file, 0)
  for (let frame = await walk.next(sizeBytes); frame !== undefined; frame = await walk.next(sizeBytes)) {
    if (frame.base !== segment.next) throw damaged(segment, segment.next, frame.base)
    segment.note(frame)
    onFrame(frame)
  }
}

/** Throws where a sound frame behind the bad one proves that the bad bytes had been on disk. */
async function refuseDamage(active: Segment, file: DiskFile, sizeBytes: number): Promise<void> {
  const bad = active.sizeBytes
  const window = Buffer.allocUnsafe(SEARCH_BYTES)
  let at = bad + 1
  while (at + FRAME_HEADER_BYTES <= sizeBytes) {
    const read = await file.read(window, at)
    const found = window.subarray(0, read).indexOf(MAGIC_BYTES)
    if (found < 0) {
      // The magic may lie across two windows.
      at += Math.max(read - MAGIC_BYTES.byteLength + 1, 1)
      continue
    }
    at += found
    const frame = await active.walk(file, at).next(sizeBytes)
    if (frame !== undefined && frame.syncedBytes > bad) throw damaged(active, active.next, frame.base)
    at += frame?.lengthBytes ?? 1
  }
}

/** `to`: the first position that is sound again, where one is known. */
function damaged(segment: Segment, from: number, to: number | undefined): LogError {
  const range = to === undefined ? `position ${from} on` : to > from ? `position ${from} to ${to - 1}` : `position ${from} on`
  return new LogError('corrupt', `${segment.path} is damaged at byte ${segment.sizeBytes}: `
    + `what was acknowledged from ${range} cannot be read. `
    + 'Nothing was changed. Restore this file from a backup.', { position: BigInt(from) })
}
