/** The events that a unit has, with what tells a repetition from another event under the same id. */
import type { Fact } from '@tidemark/bpmn'

/** Events that are looked through one by one: of units that have more, the rest is looked up. */
const MAX_LOOKED_THROUGH = 32

/** A link of a chain and no item of an array, which has room for seventeen as soon as it has one: most units have few. */
interface Known {
  readonly before: Known | undefined
  /** Of its id: what differs needs no look at the event, which lies elsewhere in memory. */
  readonly mark: number
  readonly fact: Fact
  /** The first characters of what tells its content from another. */
  readonly content: string
}

/** 72 bits. V8 copies so few characters; more would keep the whole text that they were cut from. */
const KEPT_CHARACTERS = 12

export class OwnEvents {
  #last: Known | undefined = undefined
  #count = 0
  /** By source and id, NUL between them. */
  #others: Map<string, Said> | undefined = undefined

  /**
   * Takes an event; where one is here already under its source and id, that one stays. The answer is whether there was one, and whether it said the same, or
   * was this very one: an entry is read again after a death.
   */
  take(fact: Fact, contentHash: string): 'new' | 'itself' | 'same' | 'another' {
    const { source, id, position } = fact
    const content = contentHash.slice(0, KEPT_CHARACTERS)
    const mark = markOf(id)
    for (let known = this.#last; known !== undefined; known = known.before) {
      if (known.mark === mark && known.fact.id === id && known.fact.source === source) return compare({ position: known.fact.position, content: known.content }, { position, content })
    }
    if (this.#count < MAX_LOOKED_THROUGH) {
      this.#last = { before: this.#last, mark, fact, content }
      this.#count++
      return 'new'
    }
    this.#others ??= new Map()
    const name = `${source}\u0000${id}`
    const known = this.#others.get(name)
    if (known !== undefined) return compare(known, { position, content })
    this.#others.set(name, { position, content })
    return 'new'
  }
}

/** What an entry of the log said. */
interface Said {
  readonly position: bigint
  readonly content: string
}

function compare(known: Said, said: Said): 'itself' | 'same' | 'another' {
  if (known.position === said.position) return 'itself'
  return known.content === said.content ? 'same' : 'another'
}

/** Ids of one unit often begin alike. */
const MARKED_CHARACTERS = 16

function markOf(id: string): number {
  let mark = id.length
  for (let at = Math.max(0, id.length - MARKED_CHARACTERS); at < id.length; at++) mark = (Math.imul(mark, 31) + id.charCodeAt(at)) | 0
  return mark
}
