/// <reference lib="es2024.string" />
import { isAscii, isUtf8 } from 'node:buffer'
import { BACKSLASH, isDigit, nextInText, QUOTE, viewOf } from './json-text.js'
import { TrackerError } from './problem.js'

/** Deeper than any message of a business, far from what overflows a stack. */
export const MAX_JSON_DEPTH = 64

export interface BoundedJson {
  readonly value: unknown
  /** Start and end offset of each object in a top-level array, in order; empty where the top level is not an array. */
  readonly elements: readonly number[]
}

/**
 * Parses JSON that came from outside. Refuses, with 400 and a reason, what a later room would choke on: bytes that are not UTF-8, nesting
 * beyond {@link MAX_JSON_DEPTH}, NUL characters and lone surrogates (Postgres stores neither), numbers beyond a double, `__proto__` keys.
 * The bytes are walked once, without recursion, before anything is parsed; the parsed value only where that walk saw cause.
 */
export function parseBoundedJson(bytes: Uint8Array): BoundedJson {
  const body = withoutByteOrderMark(bytes)
  if (!isUtf8(body)) throw refused('The body is not UTF-8.')
  const outline = outlineOf(body)
  const value = parseElements(body, outline.elements) ?? parse(body)
  if (outline.suspicious) refuseUnstorable(value)
  return { value, elements: outline.elements }
}

/** Strips the mark some tools put first; offsets of {@link BoundedJson.elements} count from behind it. */
export function withoutByteOrderMark(bytes: Uint8Array): Buffer {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(isAscii(body) ? body.toString('latin1') : body.toString('utf8'))
  } catch (error) {
    throw refused(body.length === 0 ? 'The body is empty.' : `The body is not JSON: ${(error as Error).message}.`)
  }
}

/**
 * An array of objects, object by object: short texts are thrown away as soon as they are read, where one text of the whole body makes the collector
 * run each few requests. Undefined where anything is not as it should be: then the whole is parsed, which says what.
 */
function parseElements(body: Buffer, elements: readonly number[]): unknown[] | undefined {
  if (elements.length === 0 || elements.length % 2 === 1) return undefined
  const encoding = isAscii(body) ? 'latin1' : 'utf8'
  const values: unknown[] = []
  let behind = 0
  try {
    for (let i = 0; i < elements.length; i += 2) {
      const start = elements[i]!
      const end = elements[i + 1]!
      if (!isBetween(body, behind, start, i === 0 ? OPEN_BRACKET : COMMA)) return undefined
      values.push(JSON.parse(body.toString(encoding, start, end)))
      behind = end
    }
  } catch {
    return undefined
  }
  return isBetween(body, behind, body.length, CLOSE_BRACKET) ? values : undefined
}

/** Whether there is this byte, once, and nothing else but white space. */
function isBetween(body: Buffer, from: number, to: number, wanted: number): boolean {
  let found = 0
  for (let at = from; at < to; at += 1) {
    const byte = body[at]!
    if (byte === wanted) found += 1
    else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return found === 1
}

interface Outline {
  readonly suspicious: boolean
  readonly elements: number[]
}

const COMMA = 0x2c
const LETTER_U = 0x75
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const CLOSE_BRACKET = 0x5d
const CLOSE_BRACE = 0x7d
/** A number this long may be beyond a double without an exponent. */
const LONG_NUMBER_DIGITS = 300

function outlineOf(body: Buffer): Outline {
  const view = viewOf(body)
  const elements: number[] = []
  let suspicious = body.includes('__proto__')
  let depth = 0
  let digits = 0
  let rootIsArray = false
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]!
    if (isDigit(byte)) {
      digits += 1
      if (digits > LONG_NUMBER_DIGITS) suspicious = true
      continue
    }
    if (digits > 0 && (byte === 0x65 || byte === 0x45)) suspicious = true
    digits = 0
    if (byte === QUOTE) {
      at = nextInText(body, view, at + 1)
      for (; body[at] === BACKSLASH; at = nextInText(body, view, at + 2)) if (body[at + 1] === LETTER_U) suspicious = true
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === 0 && byte === OPEN_BRACKET) rootIsArray = true
      if (depth === 1 && rootIsArray && byte === OPEN_BRACE) elements.push(at)
      depth += 1
      if (depth > MAX_JSON_DEPTH) throw refused(`The JSON is nested deeper than ${MAX_JSON_DEPTH} levels.`)
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 1 && rootIsArray && byte === CLOSE_BRACE) elements.push(at + 1)
    }
  }
  return { suspicious, elements }
}

/** Recursion is fine here: the depth was bounded before. */
function refuseUnstorable(value: unknown): void {
  if (typeof value === 'string') return refuseText(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw refused('The JSON holds a number that is too large for a double.')
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) return value.forEach(refuseUnstorable)
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw refused('The JSON has a key `__proto__`, which is not taken.')
    refuseText(key)
    refuseUnstorable(item)
  }
}

function refuseText(text: string): void {
  if (text.includes('\0')) throw refused('The JSON holds a NUL character (\\u0000), which cannot be stored.')
  if (!text.isWellFormed()) throw refused('The JSON holds half of a surrogate pair (\\ud800 to \\udfff alone), which is not text.')
}

function refused(detail: string): TrackerError {
  return new TrackerError('invalidJson', 400, detail)
}
