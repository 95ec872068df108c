/**
 * The index file beside a segment that takes no more frames: what the log must know of the segment, and its sparse index, so that it
 * needs not be scanned at open. Derived data: written without a sync, and built anew whenever it is missing, damaged, or does not fit
 * its segment.
 *
 *     0  u32  magic            16  u64  base              48  f64  least append time      80  u32  checksum of the marks
 *     4  u32  checksum of      24  u64  next position     56  f64  highest append time    84  u32  0
 *             the bytes 8-95   32  u64  segment's bytes   64  f64  least effective time   88  u64  0
 *     8  u32  version          40  f64  0                 72  f64  highest effective time 96  marks: f64 position, offset, time
 *    12  u32  count of marks
 *
 * Both checksums begin with the salt of the log.
 */
import { crc32 } from 'node:zlib'
import type { Disk, DiskFile } from './disk.js'
import { SparseIndex } from './sparse-index.js'

const HEADER_BYTES = 96
const MARK_BYTES = 24
const MAGIC = 0x496b6454
const VERSION = 1

/** What the log knows of a segment without reading it. Times are epoch ms. */
export interface SegmentSummary {
  readonly base: number
  /** Position behind its last entry. */
  readonly next: number
  readonly sizeBytes: number
  readonly minAppendTime: number
  readonly maxAppendTime: number
  readonly minTime: number
  readonly maxTime: number
}

export async function writeIndexFile(disk: Disk, path: string, summary: SegmentSummary, index: SparseIndex, salt: number): Promise<void> {
  const count = index.offsets.length
  const bytes = Buffer.alloc(HEADER_BYTES + count * MARK_BYTES)
  for (let i = 0, at = HEADER_BYTES; i < count; i++, at += MARK_BYTES) {
    bytes.writeDoubleLE(index.positions[i]!, at)
    bytes.writeDoubleLE(index.offsets[i]!, at + 8)
    bytes.writeDoubleLE(index.times[i]!, at + 16)
  }
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(VERSION, 8)
  bytes.writeUInt32LE(count, 12)
  bytes.writeBigUInt64LE(BigInt(summary.base), 16)
  bytes.writeBigUInt64LE(BigInt(summary.next), 24)
  bytes.writeBigUInt64LE(BigInt(summary.sizeBytes), 32)
  bytes.writeDoubleLE(summary.minAppendTime, 48)
  bytes.writeDoubleLE(summary.maxAppendTime, 56)
  bytes.writeDoubleLE(summary.minTime, 64)
  bytes.writeDoubleLE(summary.maxTime, 72)
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES), salt), 80)
  bytes.writeUInt32LE(crc32(bytes.subarray(8, HEADER_BYTES), salt), 4)
  const file = await disk.open(path, 'create')
  try {
    await file.write([bytes], 0)
  } finally {
    await file.close()
  }
}

/** Undefined where the file cannot be believed. */
export async function readSummary(disk: Disk, path: string, salt: number): Promise<SegmentSummary | undefined> {
  return withFile(disk, path, async (file) => {
    const header = await readHeader(file, salt)
    return header && {
      base: Number(header.readBigUInt64LE(16)), next: Number(header.readBigUInt64LE(24)), sizeBytes: Number(header.readBigUInt64LE(32)),
      minAppendTime: header.readDoubleLE(48), maxAppendTime: header.readDoubleLE(56),
      minTime: header.readDoubleLE(64), maxTime: header.readDoubleLE(72),
    }
  })
}

/** Undefined where the file cannot be believed. */
export async function readIndex(disk: Disk, path: string, salt: number): Promise<SparseIndex | undefined> {
  return withFile(disk, path, async (file) => {
    const header = await readHeader(file, salt)
    if (header === undefined) return undefined
    const marks = Buffer.alloc(header.readUInt32LE(12) * MARK_BYTES)
    if ((await file.read(marks, HEADER_BYTES)) < marks.byteLength || crc32(marks, salt) !== header.readUInt32LE(80)) return undefined
    const index = new SparseIndex()
    for (let at = 0; at < marks.byteLength; at += MARK_BYTES) {
      index.push(marks.readDoubleLE(at), marks.readDoubleLE(at + 8), marks.readDoubleLE(at + 16))
    }
    return index
  })
}

async function readHeader(file: DiskFile, salt: number): Promise<Buffer | undefined> {
  const header = Buffer.alloc(HEADER_BYTES)
  if ((await file.read(header, 0)) < HEADER_BYTES) return undefined
  const intact = header.readUInt32LE(0) === MAGIC && header.readUInt32LE(4) === crc32(header.subarray(8), salt)
  return intact && header.readUInt32LE(8) === VERSION ? header : undefined
}

async function withFile<T>(disk: Disk, path: string, use: (file: DiskFile) => Promise<T | undefined>): Promise<T | undefined> {
  let file: DiskFile
  try {
    file = await disk.open(path, 'read')
  } catch {
    return undefined
  }
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
