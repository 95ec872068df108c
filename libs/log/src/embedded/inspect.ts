/**
 * What a log in files holds and what of it is damaged, found by reading every frame. Changes nothing. Opening a log reads only its end:
 * damage further back shows when somebody reads there, or here.
 */
import type { Position } from '../log.js'
import { LogError } from '../log.js'
import type { Disk, DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import { FRAME_HEADER_BYTES, MAGIC_BYTES } from './frame.js'
import { readIdentity } from './identity.js'
import { realDisk } from './real-disk.js'
import type { Segment } from './segment.js'
import { Segment as SegmentFile, baseOfName, segmentName } from './segment.js'

/** Bytes that are searched at a time for a sound frame behind a bad one. */
const SEARCH_BYTES = 1024 * 1024

export interface Damage {
  /** Name of the segment file. */
  readonly file: string
  /** `missing`: the whole file. */
  readonly what: 'damaged' | 'missing'
  /** First and last position that cannot be read. */
  readonly from: Position
  readonly to: Position
  /** Where in the file. */
  readonly offset: number
  readonly bytes: number
}

export interface LogReport {
  readonly identity: string
  /** Positions that the files should hold; first > last where there is none. */
  readonly first: Position
  readonly last: Position
  readonly sizeBytes: number
  readonly files: number
  readonly damages: readonly Damage[]
  /** Of the last file, which the next opening cuts off: an unfinished write that nobody was told of. */
  readonly tornBytes: number
}

/** A stretch of a segment file: sound frames, or bytes that are none. */
export interface Stretch {
  readonly offset: number
  readonly bytes: number
  /** Undefined: damaged. */
  readonly frame: Frame | undefined
}

/** Reads every frame. Throws LogError locked while a process has it open, and invalid where there is no log. */
export async function verifyLog(directory: string, disk: Disk = realDisk): Promise<LogReport> {
  return withLog(directory, disk, async ({ identity, segments }) => {
    const damages: Damage[] = []
    let sizeBytes = 0
    let tornBytes = 0
    let expected = segments[0]?.base ?? 1
    for (const [i, segment] of segments.entries()) {
      const following = segments[i + 1]?.base
      if (segment.base > expected) damages.push(missing(expected, segment.base))
      const found = await damagesOf(segment, following)
      damages.push(...found.damages)
      tornBytes = found.tornBytes
      sizeBytes += found.sizeBytes
      expected = found.next
    }
    const first = BigInt(segments[0]?.base ?? 1)
    return { identity, first, last: BigInt(expected - 1), sizeBytes, files: segments.length, damages, tornBytes }
  })
}

export interface LogFiles {
  readonly identity: string
  readonly salt: number
  /** By ascending base. */
  readonly segments: readonly Segment[]
}

/** With the lock held, so that nobody writes meanwhile. */
export async function withLog<T>(directory: string, disk: Disk, use: (files: LogFiles) => Promise<T>): Promise<T> {
  const names = await disk.list(directory).catch((): readonly string[] => [])
  const bases = names.map(baseOfName).filter((base) => base !== undefined).sort((a, b) => a - b)
  if (bases.length === 0 && !names.includes('log.id')) throw new LogError('invalid', `There is no log in ${directory}.`)
  const unlock = await disk.lock(directory)
  try {
    const known = await readIdentity(disk, directory)
    if (known === undefined) {
      throw new LogError('corrupt', `${directory}/log.id is missing. Without it no frame can be checked: restore this small file from a backup.`)
    }
    return await use({ ...known, segments: bases.map((base) => new SegmentFile(disk, directory, base, known.salt)) })
  } finally {
    await unlock()
  }
}

/** The file from its first byte to its last. `salt` is in the segment; frames are verified. */
export async function* stretchesOf(segment: Segment, file: DiskFile): AsyncGenerator<Stretch> {
  const sizeBytes = await file.sizeBytes()
  let offset = 0
  while (offset < sizeBytes) {
    const walk = segment.walk(file, offset)
    for (let frame = await walk.next(sizeBytes); frame !== undefined; frame = await walk.next(sizeBytes)) {
      yield { offset, bytes: frame.lengthBytes, frame }
      offset = walk.offset
    }
    if (offset >= sizeBytes) return
    const next = await soundFrameBehind(segment, file, offset, sizeBytes)
    yield { offset, bytes: next - offset, frame: undefined }
    offset = next
  }
}

async function damagesOf(segment: Segment, following: number | undefined): Promise<SegmentState> {
  const file = await segment.retain()
  const name = segmentName(segment.base)
  const damages: Damage[] = []
  let expected = segment.base
  let sizeBytes = 0
  let syncedBytes = 0
  let bad: Stretch | undefined
  try {
    for await (const stretch of stretchesOf(segment, file)) {
      sizeBytes += stretch.bytes
      if (stretch.frame === undefined) {
        bad = stretch
        continue
      }
      const { base, count } = stretch.frame
      syncedBytes = Math.max(syncedBytes, stretch.frame.syncedBytes)
      if (bad !== undefined || base > expected) damages.push(damaged(name, expected, base, bad ?? { ...stretch, bytes: 0 }))
      bad = undefined
      expected = Math.max(expected, base + count)
    }
  } finally {
    await segment.release()
  }
  if (following === undefined) {
    // Bad bytes of which no frame says that they had been on disk were never promised: opening cuts them off.
    const torn = damages.findIndex(({ offset }) => offset >= syncedBytes)
    if (torn < 0) return { damages, next: expected, sizeBytes, tornBytes: bad?.bytes ?? 0 }
    const { from, offset } = damages[torn]!
    return { damages: damages.slice(0, torn), next: Number(from), sizeBytes, tornBytes: sizeBytes - offset }
  }
  // A file that ends before the next one begins is whole itself: what is missing is a file between them.
  if (bad === undefined) return { damages, next: expected, sizeBytes, tornBytes: 0 }
  damages.push(damaged(name, expected, following, bad))
  return { damages, next: following, sizeBytes, tornBytes: 0 }
}

interface SegmentState {
  readonly damages: readonly Damage[]
  /** The position behind the last one. */
  readonly next: number
  readonly sizeBytes: number
  readonly tornBytes: number
}

/** Where the next sound frame begins behind a bad byte; the size of the file where there is none. */
async function soundFrameBehind(segment: Segment, file: DiskFile, bad: number, sizeBytes: number): Promise<number> {
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
    if ((await segment.walk(file, at).next(sizeBytes)) !== undefined) return at
    at += 1
  }
  return sizeBytes
}

function damaged(file: string, from: number, next: number, { offset, bytes }: Pick<Stretch, 'offset' | 'bytes'>): Damage {
  return { file, what: 'damaged', from: BigInt(from), to: BigInt(next - 1), offset, bytes }
}

function missing(from: number, next: number): Damage {
  return { file: segmentName(from), what: 'missing', from: BigInt(from), to: BigInt(next - 1), offset: 0, bytes: 0 }
}
