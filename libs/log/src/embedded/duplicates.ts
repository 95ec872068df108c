/**
 * The window in which an append is recognised as a repetition: the keys and contents of the last entries that had a key.
 *
 * Kept are 96-bit fingerprints of key and payload together, not the keys: a million of them take some 40 MB instead of several
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

  /** Of the bytes from `start` to `end`: three independent 32-bit lanes over words, each finished as in MurmurHash3. */
  take(view: DataView, start: number, end: number): this {
    const length = end - start
    let a = this.#seed ^ length
    let b = Math.imul(this.#seed, 0x9e3779b1) ^ length
    let c = Math.imul(this.#seed, 0x85ebca6b) + length
    let at = start
    for (const lastWord = end - 4; at <= lastWord; at += 4) {
      const word = view.getInt32(at, true)
      a = Math.imul(a ^ word, 0x2c1b3c6d)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ word, 0x297a2d39)
      b = (b << 17) | (b >>> 15)
      c = Math.imul(c + word, 0x1b56c4e9)
      c ^= c >>> 15
    }
    for (; at < end; at++) {
      const byte = view.getUint8(at)
      a = Math.imul(a ^ byte, 0x01000193)
      b = Math.imul(b ^ byte, 0x5bd1e995)
      c = Math.imul(c + byte, 0x27d4eb2f)
    }
    this.a = finish(a)
    this.b = finish(b)
    this.c = finish(c)
    return this
  }
}

function finish(lane: number): number {
  let h = lane
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Remembers between half of its capacity and all of it: the older half is forgotten as a whole, which costs nothing. */
export class DuplicateWindow {
  readonly #halfCapacity: number
  #newer: FingerprintTable
  #older: FingerprintTable

  constructor(capacity: number) {
    this.#halfCapacity = Math.ceil(capacity / 2)
    this.#newer = new FingerprintTable()
    this.#older = new FingerprintTable()
  }

  /** Position of the original, 0 where this is new. */
  find(fingerprint: Fingerprint): number {
    return this.#newer.find(fingerprint) || this.#older.find(fingerprint)
  }

  add(fingerprint: Fingerprint, position: number): void {
    if (this.#halfCapacity === 0) return
    this.#makeRoom()
    this.#newer.findOrAdd(fingerprint, position)
  }

  /** Position of the original; 0 where this is new, which is then remembered as `position`. One look at each half. */
  findOrAdd(fingerprint: Fingerprint, position: number): number {
    if (this.#halfCapacity === 0) return 0
    this.#makeRoom()
    return this.#older.find(fingerprint) || this.#newer.findOrAdd(fingerprint, position)
  }

  #makeRoom(): void {
    if (this.#newer.size < this.#halfCapacity) return
    const forgotten = this.#older
    this.#older = this.#newer
    this.#newer = forgotten
    forgotten.clear()
  }

  /** Forgets all positions from this one on. */
  forget(from: number): void {
    this.#newer.forget(from)
    this.#older.forget(from)
  }
}

const FIRST_SLOTS = 1_024
/** Three words of the fingerprint, and the position in two: side by side, because each look goes to memory that is far away. */
const SLOT_WORDS = 5
const TWO_32 = 0x1_0000_0000
/** In the place of the higher half of a position that was forgotten. */
const FORGOTTEN = -1

/** Open addressing with linear probing over a typed array; at most half full. Position 0 is an empty slot. */
class FingerprintTable {
  size = 0
  #mask = FIRST_SLOTS - 1
  #words = new Int32Array(FIRST_SLOTS * SLOT_WORDS)

  find({ a, b, c }: Fingerprint): number {
    const words = this.#words
    const at = this.#place(a, b, c)
    return (words[at + 3]! >>> 0) + words[at + 4]! * TWO_32
  }

  /** The position that is there; 0 where none was, and now this one is. */
  findOrAdd({ a, b, c }: Fingerprint, position: number): number {
    if (this.size * 2 * SLOT_WORDS >= this.#words.length) this.#grow()
    const words = this.#words
    const at = this.#place(a, b, c)
    const found = (words[at + 3]! >>> 0) + words[at + 4]! * TWO_32
    if (found !== 0) return found
    words[at] = a
    words[at + 1] = b
    words[at + 2] = c
    words[at + 3] = position % TWO_32
    words[at + 4] = Math.floor(position / TWO_32)
    this.size++
    return 0
  }

  forget(from: number): void {
    const words = this.#words
    for (let at = 0; at < words.length; at += SLOT_WORDS) {
      const position = (words[at + 3]! >>> 0) + words[at + 4]! * TWO_32
      if (position >= from) words[at + 4] = FORGOTTEN
    }
  }

  /** Empty again, as large as it was: the next one will have as much to hold. */
  clear(): void {
    this.#words.fill(0)
    this.size = 0
  }

  /** Where a fingerprint stands, or the empty slot where it would. A forgotten one is passed over: others may stand behind it. */
  #place(a: number, b: number, c: number): number {
    const words = this.#words
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * SLOT_WORDS
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 4] !== FORGOTTEN) return at
      if (words[at + 3] === 0 && words[at + 4] === 0) return at
    }
  }

  #grow(): void {
    const before = this.#words
    const slots = (this.#mask + 1) * 4
    this.#mask = slots - 1
    this.#words = new Int32Array(slots * SLOT_WORDS)
    for (let from = 0; from < before.length; from += SLOT_WORDS) {
      if ((before[from + 3] === 0 && before[from + 4] === 0) || before[from + 4] === FORGOTTEN) continue
      const at = this.#place(before[from]!, before[from + 1]!, before[from + 2]!)
      for (let word = 0; word < SLOT_WORDS; word++) this.#words[at + word] = before[from + word]!
    }
  }
}
