/** The events that a unit has, with what tells a repetition from another event under the same id. */
import type { Fact } from '@tidemark/bpmn'

/** Events that are looked through one by one: of units that have more, the rest is looked up. */
const MAX_LOOKED_THROUGH = 32

export class OwnEvents {
  /** Of the id of each of the first: what differs needs no look at the event, which lies elsewhere in memory. */
  readonly #marks: number[] = []
  readonly #first: Fact[] = []
  readonly #contents: string[] = []
  /** Contents by source and id, NUL between them. */
  #others: Map<string, string> | undefined

  /** Takes an event; where one is here already under its source and id, that one stays, and the answer is its content. */
  take(fact: Fact, contentHash: string): string | undefined {
    const { source, id } = fact
    const mark = markOf(id)
    for (let index = this.#marks.indexOf(mark); index >= 0; index = this.#marks.indexOf(mark, index + 1)) {
      const known = this.#first[index]!
      if (known.id === id && known.source === source) return this.#contents[index]
    }
    if (this.#first.length < MAX_LOOKED_THROUGH) {
      this.#marks.push(mark)
      this.#first.push(fact)
      this.#contents.push(contentHash)
      return undefined
    }
    this.#others ??= new Map()
    const name = `${source}\u0000${id}`
    const known = this.#others.get(name)
    if (known === undefined) this.#others.set(name, contentHash)
    return known
  }
}

/** Ids of one unit often begin alike. */
const MARKED_CHARACTERS = 16

function markOf(id: string): number {
  let mark = id.length
  for (let at = Math.max(0, id.length - MARKED_CHARACTERS); at < id.length; at++) mark = (Math.imul(mark, 31) + id.charCodeAt(at)) | 0
  return mark
}
