/**
 * Builds one frame from the drafts of many appends. A record:
 *
 *     u8      kind code, or PRODUCER_MARK
 *     varint  subject: n for the n-th subject of this frame, 0 for a new one, whose length and bytes follow
 *     varint  append time less the frame's least
 *     varint  append time less effective time
 *     varint  length of the key, and the key
 *     varint  length of the payload, and the payload
 *
 * A producer's mark is its code, a varint length, and JSON: it lets a retry find its first result after a restart.
 * A draft is staged first and kept when it turns out to be no duplicate: the fingerprint is taken from the staged bytes.
 */
import { kindCodes } from '../draft.js'
import type { Draft } from '../log.js'
import type { Frame } from './frame.js'
import { FRAME_HEADER_BYTES, sealFrame } from './frame.js'

export const PRODUCER_MARK = 15
/** Kind, subject and times of one record take this much at most, besides subject, key and payload. */
const RECORD_OVERHEAD_BYTES = 48
const SHORT_TEXT = 128

export class FrameBuilder {
  buffer: Buffer
  /** Over the same bytes, for fingerprints. */
  view: DataView
  /** Where the frame begins in the buffer. */
  start: number
  lengthBytes = FRAME_HEADER_BYTES
  count = 0
  /** The staged record: where its key field begins, and where it ends. */
  keyStart = 0
  stagedEnd = 0

  readonly #base: number
  readonly #subjects = new Map<string, number>()
  #stagedSubject: string | undefined
  #stagedTime = 0
  #stagedAppendTime = 0
  #stagedKind = 0
  #kinds = 0
  #minAppendTime = 0
  #maxAppendTime = 0
  #minTime = Infinity
  #maxTime = -Infinity

  /**
   * Builds from `start` on, and leaves what is before alone. The buffer must fill its ArrayBuffer from the start. It is given up for
   * another one where it does not suffice.
   */
  constructor(base: number, buffer: Buffer, start = 0) {
    this.#base = base
    this.buffer = buffer
    this.start = start
    this.view = new DataView(buffer.buffer)
  }

  /** Writes a record behind the kept ones. The next one that is staged replaces it, unless it is kept. */
  stage(draft: Draft, appendTime: number): void {
    const key = draft.key ?? ''
    this.#reserve(this.lengthBytes + RECORD_OVERHEAD_BYTES + (draft.subject.length + key.length) * 3 + draft.payload.byteLength)
    if (this.count === 0) this.#minAppendTime = appendTime
    const time = draft.time === undefined || draft.time > appendTime ? appendTime : draft.time
    let at = this.start + this.lengthBytes
    const kind = kindCodes[draft.kind]
    this.buffer[at++] = kind
    const known = this.#subjects.get(draft.subject)
    if (known === undefined) {
      this.buffer[at++] = 0
      at = this.#writeText(draft.subject, at)
      this.#stagedSubject = draft.subject
    } else {
      at = this.#writeVarint(known, at)
      this.#stagedSubject = undefined
    }
    at = this.#writeVarint(appendTime - this.#minAppendTime, at)
    at = this.#writeVarint(appendTime - time, at)
    this.keyStart = at
    at = this.#writeText(key, at)
    at = this.#writeVarint(draft.payload.byteLength, at)
    this.buffer.set(draft.payload, at)
    this.stagedEnd = at + draft.payload.byteLength
    this.#stagedTime = time
    this.#stagedAppendTime = appendTime
    this.#stagedKind = kind
  }

  /** Makes the staged record part of the frame. */
  keep(): void {
    if (this.#stagedSubject !== undefined) this.#subjects.set(this.#stagedSubject, this.#subjects.size + 1)
    this.lengthBytes = this.stagedEnd - this.start
    this.count++
    this.#kinds |= 1 << this.#stagedKind
    this.#maxAppendTime = this.#stagedAppendTime
    if (this.#stagedTime < this.#minTime) this.#minTime = this.#stagedTime
    if (this.#stagedTime > this.#maxTime) this.#maxTime = this.#stagedTime
  }

  /** Adds a producer's mark behind the entries of its append. */
  mark(json: string): void {
    this.#reserve(this.lengthBytes + RECORD_OVERHEAD_BYTES + json.length * 3)
    const at = this.start + this.lengthBytes
    this.buffer[at] = PRODUCER_MARK
    this.lengthBytes = this.#writeText(json, at + 1) - this.start
  }

  seal(offset: number, syncedBytes: number, salt: number): Frame {
    return sealFrame(this.buffer, this.start, {
      lengthBytes: this.lengthBytes, base: this.#base, count: this.count, offset, syncedBytes, kinds: this.#kinds, isMarker: false, rawBytes: 0,
      minAppendTime: this.#minAppendTime, maxAppendTime: this.#maxAppendTime, minTime: this.#minTime, maxTime: this.#maxTime,
    }, salt)
  }

  #reserve(sizeBytes: number): void {
    if (this.start + sizeBytes <= this.buffer.byteLength) return
    const larger = Buffer.allocUnsafeSlow(Math.max(sizeBytes, (this.buffer.byteLength - this.start) * 2))
    this.buffer.copy(larger, 0, this.start, this.start + this.lengthBytes)
    this.start = 0
    this.buffer = larger
    this.view = new DataView(larger.buffer)
  }

  /** Length in bytes, then the text. Short ASCII, which nearly all keys are, is quicker written here than by a native call. */
  #writeText(text: string, at: number): number {
    const length = text.length
    if (length < SHORT_TEXT) {
      const buffer = this.buffer
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 127) break
        buffer[at + 1 + i] = code
      }
      if (i === length) {
        buffer[at] = length
        return at + 1 + length
      }
    }
    const behindLength = this.#writeVarint(Buffer.byteLength(text), at)
    return behindLength + this.buffer.write(text, behindLength)
  }

  #writeVarint(value: number, at: number): number {
    let rest = value
    let next = at
    while (rest > 127) {
      this.buffer[next++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.buffer[next++] = rest
    return next
  }
}
