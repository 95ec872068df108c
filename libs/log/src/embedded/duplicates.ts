/**
 * The window in which an append is recognised as a repetition: the keys and contents of the last entries that had a key.
 *
 * Kept are 96-bit fingerprints of key and payload together, not the keys: a million of them take some 30 MB instead of several
 * hundred. The same key with another payload has another fingerprint, hence is no duplicate. That two different events share one by
 * chance, within a window of a million, is once in 10^22 events. The seed is random per process, so nobody can prepare a collision.
 */

/** A fingerprint, computed into fields because one is needed per append and none outlives it. */
export class Fingerprint {
  a = 0
  b = 0
  c = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /**
   * Of the bytes from `start` to `end`: three independent 32-bit lanes, each finished as in MurmurHash3. Every lane is kept twice, for
   * words of even and of odd place, so that the processor need not wait for one multiplication to begin the next.
   */
  take(view: DataView, start: number, end: number): this {
    const length = end - start
    let a = this.#seed ^ length
    let b = Math.imul(this.#seed, 0x9e3779b1) ^ length
    let c = Math.imul(this.#seed, 0x85ebca6b) + length
    let oddA = ~a
    let oddB = ~b
    let oddC = ~c
    let at = start
    for (const lastPair = end - 8; at <= lastPair; at += 8) {
      const even = view.getInt32(at, true)
      const odd = view.getInt32(at + 4, true)
      a = Math.imul(a ^ even, 0x2c1b3c6d)
      oddA = Math.imul(oddA ^ odd, 0x2c1b3c6d)
      b = Math.imul(b ^ even, 0x297a2d39)
      oddB = Math.imul(oddB ^ odd, 0x297a2d39)
      c = Math.imul(c + even, 0x1b56c4e9)
      oddC = Math.imul(oddC + odd, 0x1b56c4e9)
      a = (a << 13) | (a >>> 19)
      oddA = (oddA << 13) | (oddA >>> 19)
      b = (b << 17) | (b >>> 15)
      oddB = (oddB << 17) | (oddB >>> 15)
      c ^= c >>> 15
      oddC ^= oddC >>> 15
    }
    for (; at < end; at++) {
      const byte = view.getUint8(at)
      a = Math.imul(a ^ byte, 0x01000193)
      b = Math.imul(b ^ byte, 0x5bd1e995)
      c = Math.imul(c + byte, 0x27d4eb2f)
    }
    // Two that differ in words of one parity only differ in that half of each lane, and stay different: what joins the halves is
    // one-to-one in each of them.
    this.a = finish(a) ^ Math.imul(finish(oddA), 0x9e3779b1)
    this.b = (finish(b) + finish(oddB)) | 0
    this.c = finish(c) ^ finish(oddC)
    return this
  }
}

function finish(lane: number): number {
  let h = lane
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** More is not remembered: what is beyond it would no longer leave bits of a slot for a tag. */
const MAX_HALF_CAPACITY = 2 ** 28
const FIRST_SLOTS = 1_024
/** Three words of the fingerprint, and the position in two. */
const RECORD_WORDS = 5
const TWO_32 = 0x1_0000_0000
/** In the place of the higher half of a position that was forgotten. */
const FORGOTTEN = -1

/**
 * Remembers between half of its capacity and all of it: the older half is forgotten as a whole, which costs little.
 *
 * Records stand in each half in the order in which they came. One index for both, with open addressing and linear probing, tells where:
 * a place in it has a slot for each half, side by side, because memory that is far away is what a look costs. At most half of the slots
 * are taken. A slot is one word: the number of the record in its half, counted from 1, and in the bits that this leaves a tag of the
 * fingerprint, so that nearly every look that finds nothing touches the index alone.
 */
export class DuplicateWindow {
  readonly #halfCapacity: number
  readonly #numberMask: number
  /** The half that takes new records, 0 or 1. */
  #newer = 0
  readonly #sizes = [0, 0]
  #records: [Int32Array, Int32Array]
  #slots = new Int32Array(2 * FIRST_SLOTS)
  #slotMask = FIRST_SLOTS - 1

  constructor(capacity: number) {
    this.#halfCapacity = Math.min(Math.ceil(capacity / 2), MAX_HALF_CAPACITY)
    this.#numberMask = 2 ** (32 - Math.clz32(this.#halfCapacity)) - 1
    this.#records = [recordsFor(FIRST_SLOTS), recordsFor(FIRST_SLOTS)]
  }

  /** Position of the original, 0 where this is new. */
  find({ a, b, c }: Fingerprint): number {
    return this.#position(this.#newer, this.#place(this.#newer, a, b, c)) || this.#position(1 - this.#newer, this.#place(1 - this.#newer, a, b, c))
  }

  add(fingerprint: Fingerprint, position: number): void {
    this.findOrAdd(fingerprint, position)
  }

  /** Position of the original; 0 where this is new, which is then remembered as `position`. */
  findOrAdd({ a, b, c }: Fingerprint, position: number): number {
    if (this.#halfCapacity === 0) return 0
    this.#makeRoom()
    const newer = this.#newer
    const inOlder = this.#position(1 - newer, this.#place(1 - newer, a, b, c))
    if (inOlder !== 0) return inOlder
    const slot = this.#place(newer, a, b, c)
    const inNewer = this.#position(newer, slot)
    if (inNewer !== 0) return inNewer
    const records = this.#records[newer]!
    const at = this.#sizes[newer]! * RECORD_WORDS
    records[at] = a
    records[at + 1] = b
    records[at + 2] = c
    // The lower half, as the words are: a remainder of doubles would cost more than the look.
    records[at + 3] = position | 0
    records[at + 4] = Math.floor(position / TWO_32)
    const number = at / RECORD_WORDS + 1
    this.#sizes[newer] = number
    this.#slots[slot] = (b & ~this.#numberMask) | number
    return 0
  }

  /** Forgets all positions from this one on. */
  forget(from: number): void {
    for (const [half, records] of this.#records.entries()) {
      for (let at = 0; at < this.#sizes[half]! * RECORD_WORDS; at += RECORD_WORDS) {
        const position = (records[at + 3]! >>> 0) + records[at + 4]! * TWO_32
        if (position >= from) records[at + 4] = FORGOTTEN
      }
    }
  }

  /** The slot of a fingerprint in a half, or the empty one where it would stand. What was forgotten is passed over: others may stand behind. */
  #place(half: number, a: number, b: number, c: number): number {
    const slots = this.#slots
    const numberMask = this.#numberMask
    for (let place = a & this.#slotMask; ; place = (place + 1) & this.#slotMask) {
      const slot = 2 * place + half
      const held = slots[slot]!
      if (held === 0) return slot
      if (((held ^ b) & ~numberMask) !== 0) continue
      const records = this.#records[half]!
      const at = ((held & numberMask) - 1) * RECORD_WORDS
      if (records[at] === a && records[at + 1] === b && records[at + 2] === c && records[at + 4] !== FORGOTTEN) return slot
    }
  }

  #position(half: number, slot: number): number {
    const held = this.#slots[slot]!
    if (held === 0) return 0
    const records = this.#records[half]!
    const at = ((held & this.#numberMask) - 1) * RECORD_WORDS
    return (records[at + 3]! >>> 0) + records[at + 4]! * TWO_32
  }

  #makeRoom(): void {
    const size = this.#sizes[this.#newer]!
    if (size >= this.#halfCapacity) {
      this.#newer = 1 - this.#newer
      this.#sizes[this.#newer] = 0
      const slots = this.#slots
      for (let slot = this.#newer; slot < slots.length; slot += 2) slots[slot] = 0
    } else if (size * 2 > this.#slotMask) {
      this.#grow()
    }
  }

  /** There is one half then, which has not been full yet. */
  #grow(): void {
    const count = (this.#slotMask + 1) * 4
    this.#slots = new Int32Array(2 * count)
    this.#slotMask = count - 1
    const before = this.#records[this.#newer]!
    this.#records = [recordsFor(count), recordsFor(count)]
    const records = this.#records[this.#newer]!
    records.set(before)
    for (let number = 1; number <= this.#sizes[this.#newer]!; number++) {
      const at = (number - 1) * RECORD_WORDS
      let place = records[at]! & this.#slotMask
      while (this.#slots[2 * place + this.#newer] !== 0) place = (place + 1) & this.#slotMask
      this.#slots[2 * place + this.#newer] = (records[at + 1]! & ~this.#numberMask) | number
    }
  }
}

/** Half as many records as an index has places. */
function recordsFor(places: number): Int32Array {
  return new Int32Array((places / 2) * RECORD_WORDS)
}
