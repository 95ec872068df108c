/** What an append is answered with. Positions become bigints when somebody asks: most callers never do, and each takes memory. */
import type { Appended, Position } from '../log.js'

export class AppendResult implements Appended {
  readonly accepted: number
  readonly duplicates: number
  readonly appendTime: number
  readonly #first: number
  readonly #originals: ReadonlyMap<number, number> | undefined

  /**
   * `first`: what the first accepted draft got; where none was, the position that comes next. `originals`: by the index of each draft
   * that is a repetition, the position of what it repeats.
   */
  constructor(first: number, drafts: number, appendTime: number, originals?: ReadonlyMap<number, number>) {
    this.duplicates = originals === undefined ? 0 : originals.size
    this.accepted = drafts - this.duplicates
    this.appendTime = appendTime
    this.#first = first
    this.#originals = originals
  }

  get first(): Position {
    return BigInt(this.accepted > 0 ? this.#first : this.#first - 1)
  }

  get last(): Position {
    return BigInt(this.#first + this.accepted - 1)
  }

  get positions(): readonly Position[] {
    let next = this.#first
    return Array.from({ length: this.accepted + this.duplicates }, (_, i) => BigInt(this.#originals?.get(i) ?? next++))
  }
}
