/**
 * Walks of models with items: the parts that are followed item by item are played as one task each, and for each time that it is done several items
 * are played by themselves and mixed, so that nothing of how they are followed is taken for granted.
 */
import type { Element, ProcessModel } from '../model.js'
import { walkOf, type Walk, type WalkEvent } from './walk.js'

/** Items of one stay. */
const MAX_ITEMS = 3
/** Events of one item. */
const MAX_EVENTS = 12
/** Tries to play an item to its end. */
const MAX_TRIES = 20

export function walkWithItems(process: ProcessModel, random: () => number, most = 40): Walk {
  return new ItemWalker(random).walk(process, most)
}

class ItemWalker {
  readonly #random: () => number
  #keys = 0

  constructor(random: () => number) {
    this.#random = random
  }

  walk(process: ProcessModel, most: number): Walk {
    const parts = process.elements.filter((element) => element.itemKey !== undefined && !around(process, element).some((other) => other.itemKey !== undefined))
    if (parts.length === 0) return walkOf(process, this.#random, most)
    const { events, ended } = walkOf(withoutInside(process, parts), this.#random, most)
    const expanded: WalkEvent[] = []
    for (const event of events) {
      const part = parts.find(({ id }) => id === event.type)
      const own = part === undefined ? [event] : this.#expand(process, part, event)
      // A part of which no item was played to its end is not left.
      if (own.length === 0) return { events: expanded, ended: false }
      expanded.push(...own)
    }
    return { events: expanded, ended }
  }

  /** All that happens in a part comes just before it is done. */
  #expand(process: ProcessModel, part: Element, event: WalkEvent): readonly WalkEvent[] {
    const walks = Array.from({ length: 1 + Math.floor(this.#random() * MAX_ITEMS) }, () => this.#item(onePass(process, part)))
    const mixed: WalkEvent[] = []
    for (let open = walks.filter((walk) => walk.length > 0); open.length > 0; open = open.filter((walk) => walk.length > 0)) {
      mixed.push(open[Math.floor(this.#random() * open.length)]?.shift() as WalkEvent)
    }
    return mixed.map((each, index) => ({ ...each, tokens: event.tokens, time: event.time - mixed.length + index }))
  }

  #item(pass: ProcessModel): WalkEvent[] {
    const key = `i${++this.#keys}`
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { events, ended } = this.walk(pass, MAX_EVENTS)
      if (ended) return events.slice(1).map((event) => ({ ...event, item: event.item === undefined ? key : `${key}/${event.item}` }))
    }
    return []
  }
}

/** The part as one task that is seen when it is done. */
function withoutInside(process: ProcessModel, parts: readonly Element[]): ProcessModel {
  const elements = process.elements.filter((element) => !around(process, element).some((other) => parts.includes(other))).map((element): Element => {
    if (!parts.includes(element)) return element
    const { loop: _loop, itemKey: _itemKey, ...rest } = element
    return { ...rest, kind: 'task', bindings: [{ event: element.id, phase: 'end', from: 'name' }] }
  })
  return { ...process, elements }
}

/** What is inside, as a process that an event begins. */
function onePass(process: ProcessModel, part: Element): ProcessModel {
  const elements = process.elements.filter((element) => around(process, element).includes(part)).map((element): Element => {
    if (element.parent !== part.id) return element
    const { parent: _parent, ...rest } = element
    return element.kind === 'startEvent' ? { ...rest, trigger: { kind: 'message' }, bindings: [{ event: 'begin', phase: 'occur', from: 'name' }] } : rest
  })
  return { ...process, elements }
}

function around(process: ProcessModel, element: Element): readonly Element[] {
  const parent = process.elements.find(({ id }) => id === element.parent)
  return parent === undefined ? [] : [parent, ...around(process, parent)]
}
