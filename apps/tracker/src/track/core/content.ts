/**
 * What tells a repetition of an event from another one with its id: a hash of its JSON as `JSON.stringify` writes it, so that white space, escapes
 * and the way a number is spelt make no difference. Nearly all events come written like that, and then their bytes are hashed as they stand.
 */
import { isDigit, nextInText, QUOTE, viewOf } from '../../json-text.js'
import { contentHash } from '../../store/identity.js'

const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const LETTER_E = 0x45
const LETTER_e = 0x65
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
/** `data`, as four bytes. */
const DATA = 0x64617461
/** So many digits come back from a double as they were. */
const MAX_DIGITS = 15
/** Smaller numbers are written with an exponent. */
const MAX_DECIMALS = 6

const text = new TextDecoder()

/** What the payload of an event says, as far as its bytes tell. */
export interface Content {
  readonly hash: string
  /** The bytes of its data, where they are what `JSON.stringify` makes of it. A view: who keeps it keeps the payload. */
  readonly data: Uint8Array | undefined
}

/** Of the payload of an event, which is known to be JSON. */
export function contentOf(payload: Uint8Array): Content {
  const { isAsWritten, data } = look(payload)
  return { hash: contentHash(isAsWritten ? payload : JSON.stringify(JSON.parse(text.decode(payload)))), data }
}

const WRITTEN_IN_ANOTHER_WAY = { isAsWritten: false, data: undefined }

/**
 * Whether a JSON object reads as `JSON.stringify` would write it: compact, no escapes, plain numbers, no names that are moved because they look
 * like an index. Errs to the side of no; a name that stands twice in one object, which JSON leaves open, is not looked for. And where its `data` is.
 */
export function look(json: Uint8Array): { readonly isAsWritten: boolean; readonly data: Uint8Array | undefined } {
  const view = viewOf(json)
  let depth = 0
  // Of the last text, without its quotes.
  let start = 0
  let end = 0
  let dataStart = 0
  let dataEnd = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte === QUOTE) {
      start = at + 1
      end = at = nextInText(json, view, start)
      if (json[at] !== QUOTE) return WRITTEN_IN_ANOTHER_WAY
    } else if (byte === COLON) {
      if (isDigit(json[start]!)) return WRITTEN_IN_ANOTHER_WAY
      if (depth === 1 && end - start === 4 && view.getInt32(start) === DATA) {
        dataStart = at + 1
        dataEnd = 0
      }
    } else if (byte === MINUS || isDigit(byte)) {
      const behind = behindNumber(json, at)
      if (behind === 0) return WRITTEN_IN_ANOTHER_WAY
      at = behind - 1
    } else if (byte === COMMA || byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (depth === 1 && dataEnd === 0) dataEnd = at
      if (byte !== COMMA) depth--
    } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      depth++
    } else if (byte <= 0x20 || byte > 0x7e) {
      return WRITTEN_IN_ANOTHER_WAY
    }
  }
  return { isAsWritten: true, data: dataStart === 0 ? undefined : new Uint8Array(json.buffer, json.byteOffset + dataStart, dataEnd - dataStart) }
}

/** Where the number that begins here ends; 0 where it may be written in another way. */
function behindNumber(json: Uint8Array, from: number): number {
  const first = json[from] === MINUS ? from + 1 : from
  let at = first
  while (isDigit(json[at]!)) at++
  let digits = at - first
  if (json[at] === DOT) {
    const decimals = ++at
    while (isDigit(json[at]!)) at++
    if (at - decimals > MAX_DECIMALS || json[at - 1] === ZERO) return 0
    digits += at - decimals
  } else if (first > from && json[first] === ZERO) {
    return 0
  }
  return digits > MAX_DIGITS || json[at] === LETTER_e || json[at] === LETTER_E ? 0 : at
}
