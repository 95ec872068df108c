/**
 * One message of ours: an envelope of sixteen bytes, and a frame as the embedded log writes them (embedded/frame.ts), so that both logs
 * encode and check entries with the same code.
 *
 *     0  u32  magic
 *     4  u8   version
 *     5  u8   flags (1: the frame is deflated; 2: append times are the writer's, else they are the server's)
 *     6  u16  0
 *     8  f64  floor: the highest append time that the writer knew of, epoch ms
 *    16  the frame
 *
 * The frame's checksum begins with the envelope's: either is damaged, or none.
 */
import { promisify } from 'node:util'
import { crc32, deflateRaw, inflateRawSync } from 'node:zlib'
import { MAX_BATCH_BYTES } from '../draft.js'
import type { Frame } from '../embedded/frame.js'
import { FRAME_HEADER_BYTES, claimedLength, openFrame } from '../embedded/frame.js'
import type { FrameBuilder } from '../embedded/frame-builder.js'

const ENVELOPE_BYTES = 16
const MAGIC = 0x4a6b6454
const VERSION = 1
const DEFLATED = 1
const WRITER_STAMPED = 2
/** A frame is larger than what its drafts count: kinds, times and lengths. */
const MAX_FRAME_BYTES = MAX_BATCH_BYTES * 4

export interface Packed {
  /** Its base is the position of the first entry. */
  readonly frame: Frame
  readonly isWriterStamped: boolean
  readonly floorMs: number
}

const deflate = promisify(deflateRaw)

/** The message for what was built. Deflated only where it would be larger than `mostBytes` otherwise, because that costs more time than it saves. */
export async function pack(builder: FrameBuilder, options: { isWriterStamped: boolean; floorMs: number; mostBytes: number }): Promise<Uint8Array> {
  const deflated = ENVELOPE_BYTES + builder.lengthBytes > options.mostBytes
  const envelope = Buffer.alloc(ENVELOPE_BYTES)
  envelope.writeUInt32LE(MAGIC, 0)
  envelope[4] = VERSION
  envelope[5] = (deflated ? DEFLATED : 0) | (options.isWriterStamped ? WRITER_STAMPED : 0)
  envelope.writeDoubleLE(options.floorMs, 8)
  const { buffer, lengthBytes } = builder.seal(0, 0, crc32(envelope))
  const frame = buffer.subarray(0, lengthBytes)
  return Buffer.concat([envelope, deflated ? await deflate(frame, { level: 6 }) : frame])
}

/** Whether a message claims to be one of ours. */
export function isPacked(data: Uint8Array): boolean {
  return data.byteLength >= ENVELOPE_BYTES && viewOf(data).readUInt32LE(0) === MAGIC
}

/** Undefined where the message is damaged. `base`: the position of its first entry. The data is taken over, and must not change. */
export function unpack(data: Uint8Array, base: number): Packed | undefined {
  const message = viewOf(data)
  if (message[4] !== VERSION) return undefined
  const flags = message[5]!
  const body = message.subarray(ENVELOPE_BYTES)
  const bytes = (flags & DEFLATED) === 0 ? body : inflated(body)
  if (bytes === undefined || bytes.byteLength < FRAME_HEADER_BYTES || claimedLength(bytes, 0, 0) !== bytes.byteLength) return undefined
  const frame = openFrame(bytes, 0, crc32(message.subarray(0, ENVELOPE_BYTES)))
  return frame && { frame: { ...frame, base }, isWriterStamped: (flags & WRITER_STAMPED) !== 0, floorMs: message.readDoubleLE(8) }
}

function inflated(body: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(body, { maxOutputLength: MAX_FRAME_BYTES })
  } catch {
    return undefined
  }
}

function viewOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
