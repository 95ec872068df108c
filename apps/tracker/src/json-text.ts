/** Bytes of JSON, and the quick way through its texts, which most of its bytes belong to. */
export const QUOTE = 0x22
export const BACKSLASH = 0x5c

const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const ONES = 0x01010101
const HIGH_BITS = 0x80808080

/** The first quote or backslash at or behind an offset; the end where there is none. `view`: over the same bytes, of which it takes four at a time. */
export function nextInText(bytes: Uint8Array, view: DataView, from: number): number {
  let at = from
  for (const last = bytes.length - 4; at <= last; at += 4) {
    const word = view.getInt32(at)
    const quotes = word ^ QUOTES
    const backslashes = word ^ BACKSLASHES
    // A byte that is zero lends its high bit to the difference, and has none itself.
    if (((((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes)) & HIGH_BITS) !== 0) break
  }
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++
  return at
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
