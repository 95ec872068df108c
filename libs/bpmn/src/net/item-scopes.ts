/**
 * A process divided into what is followed as one, and what is followed item by item: repeated activities, event sub-processes and paths of boundary
 * events whose events name their item. One pass through such a part is a process of its own with a net of its own; in the net around it there is
 * one element in its place, which is told when an item begins and when none is at work any more. Parts inside parts are divided in their turn.
 */
import type { Element, ProcessModel } from '../model.js'

export interface ItemScope {
  /** The repeated activity, the event sub-process, or the boundary event whose path it is. */
  readonly element: Element
  /** Elements of one pass, its own included. */
  readonly members: ReadonlySet<string>
  /** One pass. */
  readonly process: ProcessModel
}

export interface Divided {
  readonly outer: ProcessModel
  readonly scopes: readonly ItemScope[]
}

/** The events that the net around is told; no sender can send one of this type. */
const TOLD = ['start', 'end'].map((phase) => ({ event: '', phase: phase as 'start' | 'end', from: 'tidemark' as const }))

const known = new WeakMap<ProcessModel, Divided>()

export function divide(process: ProcessModel): Divided {
  let divided = known.get(process)
  if (divided === undefined) {
    divided = divideAnew(process)
    known.set(process, divided)
  }
  return divided
}

function divideAnew(process: ProcessModel): Divided {
  const drawing = new Drawing(process)
  const scopes: ItemScope[] = []
  for (const element of process.elements) {
    if (element.itemKey === undefined || scopes.some(({ members }) => members.has(element.id)) || whyNotDivided(process, element) !== undefined) continue
    // What lies around another one takes that with it.
    const members = drawing.membersOf(element)
    if (process.elements.some((other) => other !== element && other.itemKey !== undefined && drawing.membersOf(other).has(element.id) && whyNotDivided(process, other) === undefined)) continue
    scopes.push({ element, members, process: drawing.passOf(element, members) })
  }
  if (scopes.length === 0) return { outer: process, scopes }
  const inside = (id: string) => scopes.some(({ element, members }) => element.id !== id && members.has(id))
  const elements = process.elements.filter(({ id }) => !inside(id)).map((element) => {
    const scope = scopes.find((candidate) => candidate.element.id === element.id)
    return scope === undefined ? element : drawing.standInFor(scope)
  })
  const kept = new Set(elements.map(({ id }) => id))
  return { scopes, outer: { ...process, elements, flows: process.flows.filter(({ source, target }) => kept.has(source) && kept.has(target)) } }
}

/** Why the items of this element are not told apart although it names a key; undefined where they are. */
export function whyNotDivided(process: ProcessModel, element: Element): string | undefined {
  const drawing = new Drawing(process)
  const kind = kindOf(element)
  if (kind === undefined) return 'only a parallel multi-instance activity, an event sub-process and a boundary event that does not interrupt have items side by side'
  const members = drawing.membersOf(element)
  const inside = process.elements.filter(({ id }) => members.has(id))
  if (kind === 'activity') {
    if (element.isForCompensation === true || element.command !== undefined) return 'it is done by a command, or undoes another activity'
    if (element.bindings.length === 0 && !opensScope(element)) return 'no event is bound to it'
    if (element.kind === 'transaction' && inside.some(({ trigger, kind: of }) => of === 'endEvent' && trigger?.kind === 'cancel')) return 'one of its items may cancel all of it'
  } else {
    const begins = kind === 'path' ? [element] : inside.filter((child) => child.parent === element.id && child.kind === 'startEvent')
    if (begins.some((event) => event.interrupting !== false)) return 'it interrupts what it belongs to, so that it happens once'
    if (begins.some((event) => event.bindings.length === 0)) return 'no event is bound to what begins it, so that nobody can say which item begins'
  }
  if (kind === 'path') {
    if (process.flows.some(({ source, target }) => members.has(target) && !members.has(source))) return 'its path joins another one'
    if (inside.some((end) => end.parent === element.parent && (end.trigger?.kind === 'terminate' || end.trigger?.kind === 'compensation'))) return 'its path ends more than itself'
  }
  const undoes = ({ id, kind: of, trigger }: Element) => !members.has(id) && of !== 'boundaryEvent' && of !== 'startEvent' && (trigger?.kind === 'compensation' || trigger?.kind === 'cancel')
  const canBeUndone = process.elements.some((event) => event.trigger?.kind === 'compensation' && event.kind !== 'endEvent' && event.kind !== 'intermediateThrowEvent'
    && (members.has(event.id) || event.attachedTo === element.id))
  return canBeUndone && process.elements.some(undoes) ? 'something outside may ask for its items to be undone' : undefined
}

/** It may run several times side by side, with more than one event to see of each time: which of them an event belongs to is open. */
export function mayOverlap(process: ProcessModel, element: Element): boolean {
  if (kindOf(element) === undefined) return false
  if (kindOf(element) === 'activity' && !opensScope(element)) return new Set(element.bindings.map(({ phase }) => phase)).size > 1
  const members = new Drawing(process).membersOf(element)
  return process.elements.filter((member) => members.has(member.id) && member !== element && member.bindings.length > 0).length > 1
}

type Kind = 'activity' | 'eventSubProcess' | 'path'

function kindOf(element: Element): Kind | undefined {
  if (element.triggeredByEvent === true) return 'eventSubProcess'
  if (element.kind === 'boundaryEvent') return 'path'
  return element.loop?.kind === 'parallel' ? 'activity' : undefined
}

function opensScope(element: Element): boolean {
  return element.kind === 'subProcess' || element.kind === 'transaction' || element.kind === 'adHocSubProcess'
}

class Drawing {
  readonly #process: ProcessModel
  readonly #elements: ReadonlyMap<string, Element>

  constructor(process: ProcessModel) {
    this.#process = process
    this.#elements = new Map(process.elements.map((element) => [element.id, element]))
  }

  membersOf(element: Element): ReadonlySet<string> {
    const members = new Set([element.id])
    const leads = new Map<string, string[]>()
    const add = (from: string | undefined, to: string) => {
      const others = leads.get(from ?? '')
      if (others !== undefined) others.push(to)
      else if (from !== undefined) leads.set(from, [to])
    }
    for (const { id, parent, attachedTo, handler } of this.#process.elements) {
      add(parent, id)
      if (element.kind !== 'boundaryEvent') continue
      add(attachedTo, id)
      if (handler !== undefined) add(id, handler)
    }
    if (element.kind === 'boundaryEvent') for (const { source, target } of this.#process.flows) add(source, target)
    for (const member of members) for (const next of leads.get(member) ?? []) members.add(next)
    return members
  }

  passOf(element: Element, members: ReadonlySet<string>): ProcessModel {
    const flows = this.#process.flows.filter(({ source, target }) => members.has(source) && members.has(target))
    const has = new Set(flows.map(({ id }) => id))
    const outerThrows = new Set(this.#throwsOut(element, members).filter((thrower) => thrower.bindings.length === 0 && this.#isCaughtSeen(element, thrower)).map(({ id }) => id))
    const elements = this.#process.elements.filter(({ id }) => members.has(id)).map((member): Element => {
      if (member === element) return passed(element, has)
      const { parent, ...rest } = member
      const inside = element.kind === 'boundaryEvent' && parent === element.parent ? rest : member
      return outerThrows.has(member.id) ? { ...inside, waitsToBeCaught: true } : inside
    })
    const { admission: _admission, messages: _messages, sla: _sla, completion: _completion, ...rest } = this.#process
    return { ...rest, elements, flows, unexpected: [] }
  }

  standInFor({ element, members }: ItemScope): Element {
    const { itemKey: _itemKey, ...rest } = element
    const itemThrows = this.#throwsOut(element, members)
    const standIn: Element = { ...rest, bindings: TOLD, itemThrows, ...(element.loop === undefined ? {} : { loop: { ...element.loop, kind: 'sequential' } }) }
    if (element.kind === 'boundaryEvent') return { ...standIn, outgoing: [] }
    return element.triggeredByEvent === true ? standIn : { ...standIn, kind: 'task' }
  }

  /** What may be thrown inside that nothing inside is sure to catch. */
  #throwsOut(element: Element, members: ReadonlySet<string>): readonly Element[] {
    return this.#process.elements.filter(({ id, kind, trigger }) => members.has(id) && (kind === 'endEvent' || kind === 'intermediateThrowEvent')
      && (trigger?.kind === 'error' || trigger?.kind === 'escalation') && id !== element.id)
  }

  /** What catches it at the border, or further out, reports so by an event of its own. */
  #isCaughtSeen(element: Element, { trigger }: Element): boolean {
    for (let scope: Element | undefined = element; scope !== undefined; scope = this.#elements.get(scope.parent ?? '')) {
      const around = scope
      const catching = this.#process.elements.filter((event) => event.trigger?.kind === trigger?.kind && (event.trigger?.name === undefined || event.trigger.name === trigger?.name)
        && (event.attachedTo === around.id || (event.kind === 'startEvent' && this.#isEventSubOf(event, around.parent))))
      if (catching.length > 0) return catching.every((event) => event.bindings.length > 0)
    }
    return false
  }

  #isEventSubOf(start: Element, parent: string | undefined): boolean {
    const sub = this.#elements.get(start.parent ?? '')
    return sub?.triggeredByEvent === true && sub.parent === parent
  }
}

/** The element itself, once. */
function passed(element: Element, flows: ReadonlySet<string>): Element {
  const { itemKey: _itemKey, loop: _loop, parent: _parent, attachedTo: _attachedTo, interrupting: _interrupting, triggeredByEvent: _event, defaultFlow: _default, ...rest } = element
  const own = { ...rest, incoming: [], outgoing: element.outgoing.filter((flow) => flows.has(flow)) }
  return element.kind === 'boundaryEvent' ? { ...own, kind: 'startEvent' } : own
}

/** An item key that counts at an element: of the part itself and of every part around it, the outermost first. */
export interface ItemKeyAt {
  readonly scope: string
  readonly key: string
}

/** Per element inside parts that are followed item by item. */
export function itemKeysOf(process: ProcessModel): ReadonlyMap<string, readonly ItemKeyAt[]> {
  const keys = new Map<string, readonly ItemKeyAt[]>()
  for (const { element, members, process: pass } of divide(process).scopes) {
    const own: ItemKeyAt = { scope: element.id, key: element.itemKey ?? '' }
    const inner = itemKeysOf(pass)
    for (const member of members) keys.set(member, [own, ...(inner.get(member) ?? [])])
  }
  return keys
}

