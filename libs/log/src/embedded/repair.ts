/**
 * Makes a damaged log one that opens again: what can be read stays at its positions, what cannot becomes entries that say so (of kind `clock`,
 * which moves nothing but the time, under the subject `lost`). The files as they were are kept beside it. Only ever done when somebody asks for it by name.
 */
import type { Disk, DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import { sealFrame, sealMarker } from './frame.js'
import { FrameBuilder } from './frame-builder.js'
import type { Damage, LogFiles } from './inspect.js'
import { stretchesOf, verifyLog, withLog } from './inspect.js'
import { realDisk } from './real-disk.js'
import type { Segment } from './segment.js'
import { Segment as SegmentFile, segmentName } from './segment.js'

/** Under which entries stand in the place of what was lost. */
export const LOST_SUBJECT = 'lost'
/** Holds the files as they were. */
const ASIDE = 'damaged'
/** Placeholders in one frame. */
const MAX_PER_FRAME = 10_000
const COPY_BYTES = 1024 * 1024
const NOTHING = new Uint8Array(0)

export interface RepairReport {
  readonly repaired: readonly Damage[]
  /** Paths of the files as they were. */
  readonly aside: readonly string[]
}

/** Does nothing where nothing is damaged. Throws LogError locked, or corrupt where log.id is missing. */
export async function repairLog(directory: string, disk: Disk = realDisk): Promise<RepairReport> {
  const { damages } = await verifyLog(directory, disk)
  if (damages.length === 0) return { repaired: [], aside: [] }
  const aside = await withLog(directory, disk, (files) => repairFiles(directory, disk, files, damages))
  const after = await verifyLog(directory, disk)
  if (after.damages.length > 0) throw new Error(`the repair of ${directory} left damage behind, at position ${after.damages[0]!.from}`)
  return { repaired: damages, aside }
}

async function repairFiles(directory: string, disk: Disk, { salt, segments }: LogFiles, damages: readonly Damage[]): Promise<string[]> {
  const aside: string[] = []
  let appendTime = 0
  for (const [i, segment] of segments.entries()) {
    const before = damages.find(({ what, to }) => what === 'missing' && Number(to) + 1 === segment.base)
    if (before !== undefined) await writePlaceholders(directory, disk, salt, before, appendTime)
    const isDamaged = damages.some(({ what, file }) => what === 'damaged' && file === segmentName(segment.base))
    if (isDamaged) aside.push(await putAside(directory, disk, segment))
    appendTime = await (isDamaged ? rewrite(directory, disk, salt, segment, segments[i + 1]?.base, appendTime) : highestAppendTime(segment, appendTime))
  }
  return aside
}

/** The copy is on disk before the file is replaced. */
async function putAside(directory: string, disk: Disk, segment: Segment): Promise<string> {
  await disk.makeDirectory(`${directory}/${ASIDE}`)
  const taken = new Set(await disk.list(`${directory}/${ASIDE}`))
  let name = segmentName(segment.base)
  for (let n = 2; taken.has(name); n++) name = `${segmentName(segment.base)}.${n}`
  const path = `${directory}/${ASIDE}/${name}`
  const from = await segment.retain()
  try {
    await write(disk, path, async (file) => {
      const sizeBytes = await from.sizeBytes()
      const piece = Buffer.allocUnsafe(COPY_BYTES)
      for (let at = 0; at < sizeBytes;) {
        const read = await from.read(piece, at)
        await file.write([piece.subarray(0, read)], at)
        at += read
      }
    })
  } finally {
    await segment.release()
  }
  await disk.syncDirectory(`${directory}/${ASIDE}`)
  return path
}

/** Answers the highest append time. */
async function rewrite(
  directory: string, disk: Disk, salt: number, segment: Segment, following: number | undefined, appendTimeBefore: number,
): Promise<number> {
  const path = `${directory}/${segmentName(segment.base)}`
  let appendTime = appendTimeBefore
  const from = await segment.retain()
  try {
    if ((await disk.list(directory)).includes(`${segmentName(segment.base)}.new`)) await disk.remove(`${path}.new`)
    await write(disk, `${path}.new`, async (file) => {
      const writer = new FrameWriter(file, salt)
      let next = segment.base
      for await (const { frame } of stretchesOf(segment, from)) {
        if (frame === undefined || frame.base < next) continue
        if (writer.offset === 0 && !frame.isMarker) await writer.marker(segment.base, appendTime)
        await writer.placeholders(next, frame.base, appendTime)
        await writer.frame(frame)
        next = frame.base + frame.count
        appendTime = Math.max(appendTime, frame.maxAppendTime)
      }
      if (writer.offset === 0) await writer.marker(segment.base, appendTime)
      if (following !== undefined) await writer.placeholders(next, following, appendTime)
    })
  } finally {
    await segment.release()
  }
  await disk.remove(segment.indexPath).catch(() => undefined)
  await disk.rename(`${path}.new`, path)
  await disk.syncDirectory(directory)
  return appendTime
}

/** A file in the place of one that is gone. */
async function writePlaceholders(directory: string, disk: Disk, salt: number, { from, to }: Damage, appendTime: number): Promise<void> {
  const base = Number(from)
  const { path } = new SegmentFile(disk, directory, base, salt)
  await write(disk, path, async (file) => {
    const writer = new FrameWriter(file, salt)
    await writer.marker(base, appendTime)
    await writer.placeholders(base, Number(to) + 1, appendTime)
  })
  await disk.syncDirectory(directory)
}

async function highestAppendTime(segment: Segment, before: number): Promise<number> {
  let highest = before
  const file = await segment.retain()
  try {
    for await (const { frame } of stretchesOf(segment, file)) if (frame !== undefined) highest = Math.max(highest, frame.maxAppendTime)
  } finally {
    await segment.release()
  }
  return highest
}

/** Writes frames one behind the other. Each says that everything before it is on disk, as it will be when the file takes its name. */
class FrameWriter {
  offset = 0
  readonly #file: DiskFile
  readonly #salt: number

  constructor(file: DiskFile, salt: number) {
    this.#file = file
    this.#salt = salt
  }

  async marker(base: number, appendTime: number): Promise<void> {
    await this.#write(sealMarker({ base, offset: this.offset, syncedBytes: this.offset, appendTime }, this.#salt))
  }

  async frame(frame: Frame): Promise<void> {
    const buffer = Buffer.from(frame.buffer.subarray(frame.start, frame.start + frame.lengthBytes))
    await this.#write(sealFrame(buffer, 0, { ...frame, offset: this.offset, syncedBytes: this.offset }, this.#salt))
  }

  /** For the positions from one to behind another. */
  async placeholders(from: number, next: number, appendTime: number): Promise<void> {
    for (let base = from; base < next; base += MAX_PER_FRAME) {
      const builder = new FrameBuilder(base, Buffer.allocUnsafeSlow(COPY_BYTES))
      for (let position = base; position < Math.min(next, base + MAX_PER_FRAME); position++) {
        builder.stage({ kind: 'clock', subject: LOST_SUBJECT, payload: NOTHING }, appendTime)
        builder.keep()
      }
      await this.#write(builder.seal(this.offset, this.offset, this.#salt))
    }
  }

  async #write({ buffer, lengthBytes }: Frame): Promise<void> {
    await this.#file.write([buffer.subarray(0, lengthBytes)], this.offset)
    this.offset += lengthBytes
  }
}

async function write(disk: Disk, path: string, content: (file: DiskFile) => Promise<void>): Promise<void> {
  const file = await disk.open(path, 'create')
  try {
    await content(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
