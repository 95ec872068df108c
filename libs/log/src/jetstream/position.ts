/**
 * A position in a stream: the message's sequence, and the entry's index in it. Both fit a double: 2^37 messages, which is a thousand
 * a second for four years.
 */
const ENTRIES = 65_536

/** Entries in one message at most. */
export const MAX_ENTRIES_PER_MESSAGE = ENTRIES
/** Of the first entry that a stream ever holds. */
export const ORIGIN = ENTRIES

export function positionOf(sequence: number, index: number): number {
  return sequence * ENTRIES + index
}

export function sequenceOf(position: number): number {
  return Math.floor(position / ENTRIES)
}
