/** Reads the entries of one frame (the layout stands in frame-builder.ts), in portions where a batch is full before the frame ends. */
import { kindCodes } from '../draft.js'
import type { Entry, EntryKind } from '../log.js'
import { LogError } from '../log.js'
import type { Wanted } from '../read-plan.js'
import type { Frame } from './frame.js'
import { recordsOf } from './frame.js'
import type { Codec } from './codec.js'
import { PRODUCER_MARK } from './frame-builder.js'

const kindOfCode: (EntryKind | undefined)[] = []
for (const [kind, code] of Object.entries(kindCodes)) kindOfCode[code] = kind as EntryKind

export class FrameReader {
  readonly #frame: Frame
  readonly #buffer: Buffer
  readonly #end: number
  readonly #subjects: string[] = []
  readonly #subjectWanted: boolean[] = []
  #at: number
  #position: number

  constructor(frame: Frame, codec: Codec) {
    const { buffer, start, end } = recordsOf(frame, codec)
    this.#frame = frame
    this.#buffer = buffer
    this.#at = start
    this.#end = end
    this.#position = frame.base
  }

  /** Position of the entry that comes next; behind the last one when all were read. */
  get position(): number {
    return this.#position
  }

  /** Appends wanted entries from `from` to `until` to `out` until it holds `most`. Call it with the same `wanted` throughout. */
  take(out: Entry[], most: number, from: number, until: number, wanted: Wanted): void {
    const { minAppendTime, base, count } = this.#frame
    const buffer = this.#buffer
    const behind = Math.min(base + count, until + 1)
    while (this.#position < behind && out.length < most && this.#at < this.#end) {
      const code = buffer[this.#at++]!
      if (code === PRODUCER_MARK) {
        const length = this.#varint()
        this.#at += length
        continue
      }
      const subject = this.#subject(wanted)
      const appendTime = minAppendTime + this.#varint()
      const time = appendTime - this.#varint()
      const keyLength = this.#varint()
      const keyStart = this.#at
      this.#at += keyLength
      const payloadLength = this.#varint()
      const payloadStart = this.#at
      this.#at += payloadLength
      const position = this.#position++
      if (position < from || (wanted.kindMask & (1 << code)) === 0 || !this.#subjectWanted[subject]) continue
      if (appendTime < wanted.sinceMs || appendTime > wanted.untilMs) continue
      out.push({
        position: BigInt(position), kind: kindOfCode[code]!, subject: this.#subjects[subject]!, appendTime, time,
        key: keyLength === 0 ? '' : buffer.toString('utf8', keyStart, keyStart + keyLength),
        payload: new Uint8Array(buffer.buffer, buffer.byteOffset + payloadStart, payloadLength),
      })
    }
    if (this.#at >= this.#end && this.#position < base + count) {
      throw new LogError('corrupt', `A frame holds less than the ${count} entries it says.`, { position: BigInt(this.#position) })
    }
  }

  /** Index of the record's subject among those of the frame. */
  #subject(wanted: Wanted): number {
    const n = this.#varint()
    if (n > 0) return n - 1
    const length = this.#varint()
    const subject = this.#buffer.toString('utf8', this.#at, this.#at + length)
    this.#at += length
    this.#subjects.push(subject)
    this.#subjectWanted.push(wanted.subject(subject))
    return this.#subjects.length - 1
  }

  #varint(): number {
    const first = this.#buffer[this.#at++]!
    if (first < 128) return first
    let value = first & 127
    let scale = 128
    for (;;) {
      const byte = this.#buffer[this.#at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}

/** What a restart must learn from a frame: the bytes of each keyed record's key and payload, and the producers' marks. */
export function eachKeyOrMark(
  frame: Frame,
  codec: Codec,
  onKey: (position: number, view: DataView, start: number, end: number) => void,
  onMark: (json: string) => void,
): void {
  const { buffer, start, end } = recordsOf(frame, codec)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  let at = start
  let position = frame.base
  const varint = (): number => {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = buffer[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
  while (at < end) {
    if (buffer[at++] === PRODUCER_MARK) {
      const length = varint()
      onMark(buffer.toString('utf8', at, at + length))
      at += length
      continue
    }
    if (varint() === 0) {
      const length = varint()
      at += length
    }
    varint()
    varint()
    const keyStart = at
    const keyLength = varint()
    at += keyLength
    const payloadLength = varint()
    at += payloadLength
    if (keyLength > 0) onKey(position, view, keyStart, at)
    position++
  }
}
