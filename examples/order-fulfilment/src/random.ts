/**
 * Chance that depends on the seed and on what is asked, and on nothing else: the same question has the same answer, whichever service
 * asks first. So a run on real timers and a run on the virtual clock treat an order alike.
 */
export class Dice {
  constructor(readonly seed: string) {}

  /** In [0, 1). */
  roll(...question: readonly (string | number)[]): number {
    return hash(`${this.seed}|${question.join('|')}`) / 2 ** 32
  }

  isTrue(probability: number, ...question: readonly (string | number)[]): boolean {
    return this.roll(...question) < probability
  }

  /** A whole number, both ends included. */
  between(low: number, high: number, ...question: readonly (string | number)[]): number {
    return low + Math.floor(this.roll(...question) * (high - low + 1))
  }

  pick<T>(choices: readonly [T, ...T[]], ...question: readonly (string | number)[]): T {
    return choices[Math.floor(this.roll(...question) * choices.length)] ?? choices[0]
  }
}

/** FNV-1a, then the finaliser of MurmurHash3: FNV alone leaves the high bits of similar strings alike. Unsigned 32 bits. */
function hash(text: string): number {
  let bits = 0x811c9dc5
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
