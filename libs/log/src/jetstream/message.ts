/**
 * A message of the stream as entries. What our writers packed is a frame already; what came from others is made into one, so that
 * everybody who reads goes through the same code.
 *
 * **Append time** is the server's, or the writer's where it stamps. Neither is sure to rise from message to message (a new leader's clock may
 * be behind), so a reader keeps the highest it has seen, and our messages carry the highest that their writer had seen (`floorMs`).
 */
import type { MsgHdrs } from '@nats-io/transport-node'
import { zstd } from '../embedded/codec.js'
import type { Frame } from '../embedded/frame.js'
import { FrameBuilder } from '../embedded/frame-builder.js'
import { FrameReader } from '../embedded/frame-reader.js'
import type { Entry } from '../log.js'
import { LogError } from '../log.js'
import type { Wanted } from '../read-plan.js'
import { draftsOf } from './foreign.js'
import { isPacked, unpack } from './packing.js'
import { positionOf } from './position.js'

/** As the server delivers it. */
export interface StreamMessage {
  readonly sequence: number
  readonly subject: string
  readonly headers: MsgHdrs | undefined
  readonly data: Uint8Array
  /** When the server stored it, epoch ms. */
  readonly timeMs: number
}

export interface Decoded {
  readonly sequence: number
  /** Undefined where the message is damaged. */
  readonly frame: Frame | undefined
  readonly isWriterStamped: boolean
  readonly serverMs: number
  /** The highest append time of all before it, as far as is known. */
  readonly beforeMs: number
  /** The same with its own entries. */
  readonly highestMs: number
}

/** Where ours are, and what the events of others are said to come from. */
export interface StreamNames {
  readonly stream: string
  /** The subject of packed messages. */
  readonly subject: string
}

const FIRST_BUFFER_BYTES = 1_024

/** `beforeMs`: the highest append time of what stands before. */
export function decode(message: StreamMessage, names: StreamNames, beforeMs: number): Decoded {
  const { sequence, timeMs } = message
  const serverMs = Math.floor(timeMs)
  const base = positionOf(sequence, 0)
  if (message.subject !== names.subject || !isPacked(message.data)) {
    const frame = foreignFrame(message, names.stream, base, serverMs)
    return { sequence, frame, isWriterStamped: false, serverMs, beforeMs, highestMs: Math.max(beforeMs, serverMs) }
  }
  const packed = unpack(message.data, base)
  if (packed === undefined) return { sequence, frame: undefined, isWriterStamped: false, serverMs, beforeMs, highestMs: beforeMs }
  const { frame, isWriterStamped, floorMs } = packed
  const floor = Math.max(beforeMs, floorMs)
  return { sequence, frame, isWriterStamped, serverMs, beforeMs: floor, highestMs: Math.max(floor, isWriterStamped ? frame.maxAppendTime : serverMs) }
}

function foreignFrame(message: StreamMessage, stream: string, base: number, serverMs: number): Frame {
  const builder = new FrameBuilder(base, Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES + message.data.byteLength))
  for (const draft of draftsOf(message, stream)) {
    builder.stage(draft, serverMs)
    builder.keep()
  }
  return builder.seal(0, 0, 0)
}

/** The position behind its entries. A damaged one counts as one entry, so that it is not passed unnoticed. */
export function behind({ sequence, frame }: Decoded): number {
  return positionOf(sequence, frame?.count ?? 1)
}

/** Reads the entries of one message, in portions where a batch is full before it ends. */
export class MessageReader {
  readonly #message: Decoded
  readonly #reader: FrameReader

  /** Throws LogError corrupt. */
  constructor(message: Decoded) {
    if (message.frame === undefined) throw damagedMessage(message.sequence)
    this.#message = message
    this.#reader = new FrameReader(message.frame, zstd)
  }

  /** Of the entry that comes next. */
  get position(): number {
    return this.#reader.position
  }

  /** Appends wanted entries from `from` to `until` to `out` until it holds `most`. */
  take(out: Entry[], most: number, from: number, until: number, wanted: Wanted): void {
    const { serverMs, beforeMs, highestMs, isWriterStamped } = this.#message
    let kept = out.length
    const start = kept
    this.#reader.take(out, most, from, until, { ...wanted, sinceMs: -Infinity, untilMs: Infinity })
    for (let i = start; i < out.length; i++) {
      const entry = out[i]! as { -readonly [K in keyof Entry]: Entry[K] }
      // An entry's effective time depends on itself alone, so that it is the same for whoever reads it.
      if (!isWriterStamped) entry.time = Math.min(entry.time, serverMs)
      entry.appendTime = isWriterStamped ? Math.max(entry.appendTime, beforeMs) : highestMs
      if (entry.appendTime >= wanted.sinceMs && entry.appendTime <= wanted.untilMs) out[kept++] = entry
    }
    out.length = kept
  }
}

export function damagedMessage(sequence: number): LogError {
  return new LogError('corrupt', `Message ${sequence} of the stream is damaged: its checksum is wrong. Nothing was changed. `
    + 'Restore the stream from a backup or from a replica that still has it.', { position: BigInt(positionOf(sequence, 0)) })
}
