/**
 * The frame: what one write puts on disk, valid as a whole or not at all.
 *
 *     0  u32  magic
 *     4  u32  checksum: CRC-32 over the salt of this log and all bytes of the frame behind this field
 *     8  u32  length of the frame in bytes, this header included
 *    12  u8   version: 1, or 2 where the records are compressed
 *    13  u8   flags (1: a marker, which holds no entries)
 *    14  u16  kinds: bit n is set where an entry of kind code n is inside
 *    16  u64  base: position of the first entry; of a marker, the position that comes next
 *    24  u32  count of entries
 *    28  u32  bytes of the records before they were compressed, 0 where they are not
 *    32  u64  offset of this frame in its segment, so that bytes that landed elsewhere do not validate
 *    40  u64  synced: bytes of this segment that were on disk when this frame was written
 *    48  f64  least append time, epoch ms; of a marker, the highest append time so far
 *    56  f64  highest append time
 *    64  f64  least effective time
 *    72  f64  highest effective time
 *    80  records, see record.ts
 *
 * All numbers are little-endian. The salt is random per log, so that stale bytes of another or an older log never validate. `synced`
 * is what tells a torn tail from damage: bytes below it had been acknowledged (recovery.ts).
 */
import { crc32 } from 'node:zlib'
import { LogError } from '../log.js'
import type { Codec } from './codec.js'

export const FRAME_HEADER_BYTES = 80
const MAGIC = 0x316b6454
const VERSION = 1
const COMPRESSED_VERSION = 2
const MARKER = 1
/** Share of its bytes beyond which a compressed frame is not worth what it costs to read. */
const WORTH_IT = 0.9
/** The magic as it stands on disk, for those who look for a frame behind damaged bytes. */
export const MAGIC_BYTES = Buffer.from([0x54, 0x64, 0x6b, 0x31])
const TWO_32 = 0x1_0000_0000

/** A frame in memory, verified. */
export interface Frame {
  readonly buffer: Buffer
  /** Where the frame begins in the buffer. */
  readonly start: number
  readonly lengthBytes: number
  /** Position of the first entry, or the next position in a marker. */
  readonly base: number
  readonly count: number
  /** Where it stands in its segment. */
  readonly offset: number
  readonly syncedBytes: number
  readonly kinds: number
  readonly isMarker: boolean
  /** Bytes of the records before they were compressed, 0 where they are not. */
  readonly rawBytes: number
  readonly minAppendTime: number
  readonly maxAppendTime: number
  readonly minTime: number
  readonly maxTime: number
  /** Others may write where it stands after the next await: whoever reads on then takes {@link ownFrame}. */
  readonly isLent?: boolean
}

export type FrameFields = Omit<Frame, 'buffer' | 'start' | 'isLent'>

/** The checksum that every frame of a log begins with. */
export function saltChecksum(salt: Uint8Array): number {
  return crc32(salt)
}

/** Writes header and checksum at `start` of a buffer whose records are in place. Answers the frame as it will be read. */
export function sealFrame(buffer: Buffer, start: number, fields: FrameFields, salt: number): Frame {
  buffer.writeUInt32LE(MAGIC, start)
  buffer.writeUInt32LE(fields.lengthBytes, start + 8)
  buffer[start + 12] = fields.rawBytes === 0 ? VERSION : COMPRESSED_VERSION
  buffer[start + 13] = fields.isMarker ? MARKER : 0
  buffer.writeUInt16LE(fields.kinds, start + 14)
  writeUInt64(buffer, fields.base, start + 16)
  buffer.writeUInt32LE(fields.count, start + 24)
  buffer.writeUInt32LE(fields.rawBytes, start + 28)
  writeUInt64(buffer, fields.offset, start + 32)
  writeUInt64(buffer, fields.syncedBytes, start + 40)
  buffer.writeDoubleLE(fields.minAppendTime, start + 48)
  buffer.writeDoubleLE(fields.maxAppendTime, start + 56)
  buffer.writeDoubleLE(fields.minTime, start + 64)
  buffer.writeDoubleLE(fields.maxTime, start + 72)
  buffer.writeUInt32LE(crc32(buffer.subarray(start + 8, start + fields.lengthBytes), salt), start + 4)
  return { ...fields, buffer, start }
}

/** A frame without entries: opens a segment, and closes what was acknowledged before the log went idle. */
export function sealMarker(at: { base: number; offset: number; syncedBytes: number; appendTime: number }, salt: number): Frame {
  const { base, offset, syncedBytes, appendTime } = at
  return sealFrame(Buffer.alloc(FRAME_HEADER_BYTES), 0, {
    lengthBytes: FRAME_HEADER_BYTES, base, count: 0, offset, syncedBytes, kinds: 0, isMarker: true, rawBytes: 0,
    minAppendTime: appendTime, maxAppendTime: appendTime, minTime: appendTime, maxTime: appendTime,
  }, salt)
}

/** The same frame in memory that is its own, or that of whoever gives it. */
export function ownFrame(frame: Frame, memory: (bytes: number) => Buffer = Buffer.allocUnsafe): Frame {
  if (frame.isLent !== true) return frame
  const { isLent: _isLent, buffer, start, ...fields } = frame
  const own = memory(fields.lengthBytes)
  buffer.copy(own, 0, start, start + fields.lengthBytes)
  return { ...fields, buffer: own, start: 0 }
}

/** Where the records of a frame stand. */
export interface Records {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** Throws LogError corrupt where compressed records are not what they say; invalid where they cannot be read here. */
export function recordsOf(frame: Frame, codec: Codec): Records {
  const { buffer, start, lengthBytes, rawBytes, base } = frame
  if (rawBytes === 0) return { buffer, start: start + FRAME_HEADER_BYTES, end: start + lengthBytes }
  let raw: Uint8Array
  try {
    raw = codec.decompress(buffer.subarray(start + FRAME_HEADER_BYTES, start + lengthBytes), rawBytes)
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    throw new LogError('corrupt', `A compressed frame cannot be read, from position ${base} on.`, { position: BigInt(base), cause })
  }
  if (raw.byteLength !== rawBytes) throw new LogError('corrupt', `A compressed frame is not as long as it says, from position ${base} on.`, { position: BigInt(base) })
  return { buffer: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), start: 0, end: rawBytes }
}

/** The same frame with its records compressed; undefined where that saves less than a tenth. */
export function compressFrame(frame: Frame, codec: Codec, salt: number): Frame | undefined {
  const records = frame.buffer.subarray(frame.start + FRAME_HEADER_BYTES, frame.start + frame.lengthBytes)
  const compressed = codec.compress(records)
  if (compressed.byteLength > records.byteLength * WORTH_IT) return undefined
  const buffer = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + compressed.byteLength)
  buffer.set(compressed, FRAME_HEADER_BYTES)
  const { buffer: _raw, start: _start, ...fields } = frame
  return sealFrame(buffer, 0, { ...fields, lengthBytes: buffer.byteLength, rawBytes: records.byteLength }, salt)
}

/** The bytes of frames that stand one behind the other in the file; where they do so in memory as well, in one piece. */
export function bytesOf(frames: readonly Frame[]): Buffer[] {
  const pieces: Buffer[] = []
  let first = frames[0]!
  let end = first.start
  for (const frame of frames) {
    if (frame.buffer !== first.buffer || frame.start !== end) {
      pieces.push(first.buffer.subarray(first.start, end))
      first = frame
    }
    end = frame.start + frame.lengthBytes
  }
  return [...pieces, first.buffer.subarray(first.start, end)]
}

/**
 * How long the frame at `start` says it is, before anything is verified. 0 where no frame can begin here.
 * Needs {@link FRAME_HEADER_BYTES} bytes from `start`.
 */
export function claimedLength(buffer: Buffer, start: number, offset: number): number {
  const version = buffer[start + 12]
  if (buffer.readUInt32LE(start) !== MAGIC || (version !== VERSION && version !== COMPRESSED_VERSION) || readUInt64(buffer, start + 32) !== offset) return 0
  const lengthBytes = buffer.readUInt32LE(start + 8)
  return lengthBytes < FRAME_HEADER_BYTES ? 0 : lengthBytes
}

/** The frame at `start`, whose claimed length is in the buffer as a whole; undefined where its checksum is wrong. */
export function openFrame(buffer: Buffer, start: number, salt: number): Frame | undefined {
  const lengthBytes = buffer.readUInt32LE(start + 8)
  if (crc32(buffer.subarray(start + 8, start + lengthBytes), salt) !== buffer.readUInt32LE(start + 4)) return undefined
  return {
    buffer, start, lengthBytes,
    isMarker: (buffer[start + 13]! & MARKER) !== 0,
    rawBytes: buffer.readUInt32LE(start + 28),
    kinds: buffer.readUInt16LE(start + 14),
    base: readUInt64(buffer, start + 16),
    count: buffer.readUInt32LE(start + 24),
    offset: readUInt64(buffer, start + 32),
    syncedBytes: readUInt64(buffer, start + 40),
    minAppendTime: buffer.readDoubleLE(start + 48),
    maxAppendTime: buffer.readDoubleLE(start + 56),
    minTime: buffer.readDoubleLE(start + 64),
    maxTime: buffer.readDoubleLE(start + 72),
  }
}

/** Positions and offsets stay below 2^53: plain numbers inside, bigint at the port. */
function writeUInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value % TWO_32, at)
  buffer.writeUInt32LE(Math.floor(value / TWO_32), at + 4)
}

function readUInt64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * TWO_32
}
