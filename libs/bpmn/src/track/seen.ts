/**
 * Which kinds of events a run has seen. Runs that have seen the same share one object, and adding to it is one look-up: a run keeps a pointer
 * where it would keep a set.
 */

/** Sets kept; beyond it the table starts anew. Sets that are in use go on to work. */
const MAX_KEPT = 20_000

export class SeenTable {
  readonly empty: Seen
  readonly #numbers = new Map<string, string>()
  #known = new Map<string, Seen>()

  constructor() {
    this.empty = new Seen(this, '')
  }

  /** One character per name, so that a set is a sorted string. */
  characterOf(name: string): string {
    let character = this.#numbers.get(name)
    if (character === undefined) {
      character = String.fromCodePoint(this.#numbers.size + 1)
      this.#numbers.set(name, character)
    }
    return character
  }

  withContent(content: string): Seen {
    let seen = this.#known.get(content)
    if (seen === undefined) {
      if (this.#known.size >= MAX_KEPT) this.#known = new Map()
      seen = new Seen(this, content)
      this.#known.set(content, seen)
    }
    return seen
  }
}

export class Seen {
  readonly #table: SeenTable
  readonly #content: string
  readonly #next = new Map<string, Seen>()

  constructor(table: SeenTable, content: string) {
    this.#table = table
    this.#content = content
  }

  /** This set and the name; itself where the name is in it. */
  with(name: string): Seen {
    let next = this.#next.get(name)
    if (next === undefined) {
      const character = this.#table.characterOf(name)
      next = this.#content.includes(character) ? this : this.#table.withContent([...this.#content, character].sort().join(''))
      this.#next.set(name, next)
    }
    return next
  }
}
