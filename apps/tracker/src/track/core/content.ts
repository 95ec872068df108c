/**
 * What tells a repetition of an event from another one with its id: a hash of its JSON as `JSON.stringify` writes it, so that white space, escapes
 * and the way a number is spelt make no difference. Nearly all events come written like that, and then their bytes are hashed as they stand.
 */
import { isDigit, nextInText, QUOTE, viewOf } from '../../json-text.js'
import { contentHash } from '../../store/identity.js'

const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const LETTER_E = 0x45
const LETTER_e = 0x65
/** So many digits come back from a double as they were. */
const MAX_DIGITS = 15
/** Smaller numbers are written with an exponent. */
const MAX_DECIMALS = 6

const text = new TextDecoder()

/** Of the payload of an event, which is known to be JSON. */
export function contentOf(payload: Uint8Array): string {
  return contentHash(isAsWritten(payload) ? payload : JSON.stringify(JSON.parse(text.decode(payload))))
}

/**
 * Whether JSON reads as `JSON.stringify` would write it: compact, no escapes, plain numbers, no names that are moved because they look like an
 * index. Errs to the side of no; a name that stands twice in one object, which JSON leaves open, is not looked for.
 */
export function isAsWritten(json: Uint8Array): boolean {
  const view = viewOf(json)
  let firstOfText = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte === QUOTE) {
      firstOfText = json[at + 1]!
      at = nextInText(json, view, at + 1)
      if (json[at] !== QUOTE) return false
    } else if (byte === COLON) {
      if (isDigit(firstOfText)) return false
    } else if (byte === MINUS || isDigit(byte)) {
      const behind = behindNumber(json, at)
      if (behind === 0) return false
      at = behind - 1
    } else if (byte <= 0x20 || byte > 0x7e) {
      return false
    }
  }
  return true
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
