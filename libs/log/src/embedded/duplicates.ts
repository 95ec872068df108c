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
    if (this.#newer.size >= this.#halfCapacity) {
      const forgotten = this.#older
      this.#older = this.#newer
      this.#newer = forgotten
      forgotten.clear()
    }
    this.#newer.add(fingerprint, position)
  }

  /** Forgets all positions from this one on. */
  forget(from: number): void {
    this.#newer.forget(from)
    this.#older.forget(from)
  }
}

const FIRST_SLOTS = 1_024

/** In the place of a position that was forgotten. */
const FORGOTTEN = -1

/** Open addressing with linear probing over typed arrays; at most half full. Position 0 is an empty slot. */
class FingerprintTable {
  size = 0
  #mask = FIRST_SLOTS - 1
  #words = new Int32Array(FIRST_SLOTS * 3)
  #positions = new Float64Array(FIRST_SLOTS)

  find({ a, b, c }: Fingerprint): number {
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const position = this.#positions[slot]!
      if (position === 0) return 0
      const w = slot * 3
      if (this.#words[w] === a && this.#words[w + 1] === b && this.#words[w + 2] === c && position !== FORGOTTEN) return position
    }
  }

  add({ a, b, c }: Fingerprint, position: number): void {
    if (this.size * 2 >= this.#positions.length) this.#grow()
    this.#put(a, b, c, position)
    this.size++
  }

  forget(from: number): void {
    for (let slot = 0; slot < this.#positions.length; slot++) if (this.#positions[slot]! >= from) this.#positions[slot] = FORGOTTEN
  }

  /** Empty again, as large as it was: the next one will have as much to hold. */
  clear(): void {
    this.#positions.fill(0)
    this.size = 0
  }

  #put(a: number, b: number, c: number, position: number): void {
    let slot = a & this.#mask
    while (this.#positions[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#positions[slot] = position
    this.#words[slot * 3] = a
    this.#words[slot * 3 + 1] = b
    this.#words[slot * 3 + 2] = c
  }

  #grow(): void {
    const words = this.#words
    const positions = this.#positions
    const slots = positions.length * 2
    this.#mask = slots - 1
    this.#words = new Int32Array(slots * 3)
    this.#positions = new Float64Array(slots)
    for (let i = 0; i < positions.length; i++) {
      if (positions[i] !== 0) this.#put(words[i * 3]!, words[i * 3 + 1]!, words[i * 3 + 2]!, positions[i]!)
    }
  }
}
