/**
 * Values in Postgres's binary format, written straight into the bytes that are sent: nothing is escaped here and parsed there, and no texts are put
 * together on the way. Arrays are what array_recv of its sources reads.
 */
import { borrow, giveBack } from './lent-memory.js'

/** What arrays say of their elements: pg_type.oid, which never changes for these. */
const OIDS = { boolean: 16, bigint: 20, int: 23, text: 25, uuid: 2950 } as const

export type ElementType = keyof typeof OIDS

const FIRST_BYTES = 256
/** Shorter texts are written character by character: to call the encoder costs more than they do. */
const SHORT_TEXT = 24
const NOT_PLAIN = /[^ !#-[\]-~]/
const MAX_BYTES_OF_A_CHARACTER = 3
const TWO_TO_32 = 2 ** 32
const BILLION = 1_000_000_000
const [SPACE, QUOTE, COMMA, MINUS, ZERO, COLON, BACKSLASH, TILDE] = [0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3a, 0x5c, 0x7e]
const [OPENING_BRACE, CLOSING_BRACE, OPENING_BRACKET, CLOSING_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Values one behind the other, each with its length before it; null has the length -1 and nothing behind it. */
export class Values {
  #bytes: Buffer
  #view: DataView
  #end = 0

  constructor(bytes: number) {
    this.#bytes = borrow(Math.max(bytes, FIRST_BYTES))
    this.#view = viewOf(this.#bytes)
  }

  /** All that was written; not a copy. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  /** As it is printed, in lower case. */
  uuid(value: string | null): this {
    if (value === null) return this.#null()
    this.#room(20)
    this.#int32(16)
    for (let at = 0; at < 36; at += 2) {
      if (value.charCodeAt(at) === MINUS) at++
      this.#bytes[this.#end++] = (digit(value.charCodeAt(at)) << 4) | digit(value.charCodeAt(at + 1))
    }
    return this
  }

  int(value: number | null): this {
    if (value === null) return this.#null()
    this.#room(8)
    this.#int32(4)
    this.#int32(value)
    return this
  }

  /** @param value a whole number */
  bigint(value: number | bigint | null): this {
    if (value === null) return this.#null()
    this.#room(12)
    this.#int32(8)
    if (typeof value === 'bigint') {
      this.#view.setBigInt64(this.#end, value)
      this.#end += 8
    } else {
      this.#int32(Math.floor(value / TWO_TO_32))
      this.#int32(value)
    }
    return this
  }

  boolean(value: boolean | null): this {
    if (value === null) return this.#null()
    this.#room(5)
    this.#int32(1)
    this.#bytes[this.#end++] = value ? 1 : 0
    return this
  }

  text(value: string | null): this {
    if (value === null) return this.#null()
    const start = this.#begin(0)
    this.#string(value)
    return this.#close(start)
  }

  /** The text that JSON.stringify makes of it. */
  json(value: unknown): this {
    if (value === null || value === undefined) return this.#null()
    const start = this.#begin(0)
    this.#json(value)
    return this.#close(start)
  }

  /** JSON that is at hand as text in UTF-8. */
  jsonBytes(bytes: Uint8Array): this {
    const start = this.#begin(0)
    return this.bytes(bytes).#close(start)
  }

  uuids(values: readonly string[]): this {
    const start = this.#begin(0)
    this.arrayOf('uuid', values.length)
    for (const value of values) this.uuid(value)
    return this.#close(start)
  }

  /** What stands before the elements of an array. */
  arrayOf(type: ElementType, length: number): this {
    this.#room(20)
    this.#int32(length === 0 ? 0 : 1)
    // Whether there are nulls: Postgres looks for itself.
    this.#int32(1)
    this.#int32(OIDS[type])
    if (length === 0) return this
    this.#int32(length)
    this.#int32(1)
    return this
  }

  /** What stands before the values of a row; -1 stands behind the last row. */
  row(columns: number): this {
    this.#room(2)
    this.#view.setInt16(this.#end, columns)
    this.#end += 2
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
    return this
  }

  #null(): this {
    this.#room(4)
    this.#int32(-1)
    return this
  }

  /** Of a value whose length shows once it is written: answers where it begins. */
  #begin(bytes: number): number {
    this.#room(4 + bytes)
    return (this.#end += 4)
  }

  #close(start: number): this {
    this.#view.setInt32(start - 4, this.#end - start)
    return this
  }

  #string(value: string): void {
    const { length } = value
    this.#room(length)
    if (this.#plain(value, this.#end)) {
      this.#end += length
      return
    }
    this.#room(length * MAX_BYTES_OF_A_CHARACTER)
    this.#end += this.#bytes.write(value, this.#end)
  }

  /** Copies what is the same in ASCII and in JSON, as almost all is. False where something is not: then nothing counts as written. */
  #plain(value: string, start: number): boolean {
    const { length } = value
    const bytes = this.#bytes
    if (length > SHORT_TEXT) {
      if (NOT_PLAIN.test(value)) return false
      bytes.write(value, start, 'latin1')
      return true
    }
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at)
      if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return false
      bytes[start + at] = code
    }
    return true
  }

  #json(value: unknown): void {
    if (typeof value === 'string') this.#jsonString(value)
    else if (Array.isArray(value)) this.#jsonArray(value)
    else if (isPlain(value)) this.#jsonObject(value)
    else if (Number.isSafeInteger(value)) this.#jsonInteger(value as number)
    else this.#string(JSON.stringify(value) ?? 'null')
  }

  #jsonObject(value: Readonly<Record<string, unknown>>): void {
    let before = OPENING_BRACE
    for (const name in value) {
      const own = value[name]
      if (own === undefined) continue
      this.#byte(before)
      this.#jsonString(name)
      this.#byte(COLON)
      this.#json(own)
      before = COMMA
    }
    if (before === OPENING_BRACE) this.#byte(OPENING_BRACE)
    this.#byte(CLOSING_BRACE)
  }

  #jsonArray(values: readonly unknown[]): void {
    this.#byte(OPENING_BRACKET)
    for (let index = 0; index < values.length; index++) {
      if (index > 0) this.#byte(COMMA)
      this.#json(values[index])
    }
    this.#byte(CLOSING_BRACKET)
  }

  /** In two halves, since larger numbers would each be an object on its way. */
  #jsonInteger(value: number): void {
    if (value < 0) this.#byte(MINUS)
    const size = Math.abs(value)
    const high = Math.floor(size / BILLION)
    if (high > 0) this.#digits(high, 1)
    this.#digits(size - high * BILLION, high > 0 ? 9 : 1)
  }

  /** As many as it has, and noughts before them up to `least`. */
  #digits(value: number, least: number): void {
    const more = Math.floor(value / 10)
    if (more > 0 || least > 1) this.#digits(more, least - 1)
    this.#byte(ZERO + value - more * 10)
  }

  #jsonString(value: string): void {
    const { length } = value
    this.#room(length + 2)
    if (!this.#plain(value, this.#end + 1)) return this.#string(JSON.stringify(value))
    this.#bytes[this.#end] = this.#bytes[this.#end + 1 + length] = QUOTE
    this.#end += length + 2
  }

  #byte(code: number): void {
    this.#room(1)
    this.#bytes[this.#end++] = code
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#end, value)
    this.#end += 4
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const larger = borrow(2 * this.#bytes.length + bytes)
    larger.set(this.written)
    giveBack(this.#bytes)
    this.#bytes = larger
    this.#view = viewOf(larger)
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

/** An object of which JSON.stringify writes the properties as they stand. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Of a lower-case hexadecimal digit. */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}
