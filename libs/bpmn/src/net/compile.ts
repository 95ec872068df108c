/**
 * From a process to its net. Gateways and unbound activities become silent transitions, bound elements observations, boundary events
 * transitions that compete for their host's token. Sub-processes are inlined: their tokens lie in inner places that are emptied when the
 * sub-process is interrupted and must be empty before it is done.
 */
import type { Element, Phase, ProcessModel } from '../model.js'
import type { Net, Place, Scope, Transition, TransitionKind } from './net.js'
import { labelOf } from './net.js'

/** Conditional flows out of an activity may be taken in any combination; beyond this many only one at a time is considered. */
const MAX_COMBINED_FLOWS = 3

export function compileNet(process: ProcessModel): Net {
  return new Compiler(process).compile()
}

interface Draft {
  kind: TransitionKind
  element: string
  phase?: Phase
  inputs: number[]
  reads?: number[]
  outputs: number[]
  clears?: readonly number[]
  whenEmpty?: number
  flows: string[]
  rests?: boolean
  terminates?: boolean
  notedOnly?: boolean
}

/** Where an element's first transition takes its token from, and the flow that is taken on the way (behind an event-based gateway). */
interface Entry {
  readonly place: number
  readonly flows: readonly string[]
}

class Compiler {
  readonly #process: ProcessModel
  readonly #elements = new Map<string, Element>()
  readonly #boundaries = new Map<string, Element[]>()
  readonly #flowTarget = new Map<string, string>()
  readonly #flowSource = new Map<string, string>()
  readonly #places: Place[] = []
  readonly #placeIndex = new Map<string, number>()
  readonly #transitions: Transition[] = []
  readonly #scopes: { element: string; parent: number; inner: number[] }[] = []
  readonly #scopeIndex = new Map<string, number>()

  constructor(process: ProcessModel) {
    this.#process = process
    for (const element of process.elements) {
      this.#elements.set(element.id, element)
      if (element.attachedTo !== undefined) {
        const siblings = this.#boundaries.get(element.attachedTo)
        if (siblings === undefined) this.#boundaries.set(element.attachedTo, [element])
        else siblings.push(element)
      }
    }
    for (const flow of process.flows) {
      this.#flowTarget.set(flow.id, flow.target)
      this.#flowSource.set(flow.id, flow.source)
    }
  }

  compile(): Net {
    this.#openScope('', -1)
    const source = this.#place('source', '', 0)
    for (const element of this.#process.elements) if (isScope(element)) this.#scopeOf(element.id)
    this.#starts(0, source, undefined)
    for (const element of this.#process.elements) this.#element(element)
    const producers = this.#places.map((): number[] => [])
    const consumers = this.#places.map((): number[] => [])
    const observations = new Map<string, number[]>()
    for (const transition of this.#transitions) {
      for (const place of transition.outputs) producers[place]?.push(transition.index)
      for (const place of transition.inputs) consumers[place]?.push(transition.index)
      if (transition.kind === 'observe' && transition.phase !== undefined) {
        const label = labelOf(transition.element, transition.phase)
        const same = observations.get(label)
        if (same === undefined) observations.set(label, [transition.index])
        else same.push(transition.index)
      }
    }
    this.#places.forEach((place, index) => {
      for (let scope = place.scope; scope >= 0; scope = this.#scopes[scope]?.parent ?? -1) this.#scopes[scope]?.inner.push(index)
    })
    const scopes: readonly Scope[] = this.#scopes
    return { process: this.#process, places: this.#places, transitions: this.#transitions, scopes, source, producers, consumers, observations }
  }

  #element(element: Element): void {
    switch (element.kind) {
      case 'startEvent':
        return // made by its scope
      case 'boundaryEvent':
        return this.#boundary(element)
      case 'endEvent':
        return this.#end(element)
      case 'exclusiveGateway':
      case 'inclusiveGateway':
      case 'complexGateway':
        return this.#choice(element)
      case 'parallelGateway':
        return this.#parallel(element)
      case 'eventBasedGateway':
        return // its targets take the token from its entry
      case 'intermediateCatchEvent':
      case 'intermediateThrowEvent':
        return this.#intermediate(element)
      case 'subProcess':
      case 'transaction':
      case 'adHocSubProcess':
        return this.#subProcess(element)
      case 'task':
      case 'userTask':
      case 'serviceTask':
      case 'manualTask':
      case 'scriptTask':
      case 'businessRuleTask':
      case 'sendTask':
      case 'receiveTask':
      case 'callActivity':
        return this.#activity(element)
    }
  }

  #activity(element: Element): void {
    if (element.isForCompensation === true) return
    const starts = hasPhase(element, 'start')
    const ends = hasPhase(element, 'end') || hasPhase(element, 'occur')
    for (const entry of this.#entries(element)) {
      if (starts) {
        const inside = this.#place('in', element.id, this.#scopeOf(element.parent ?? ''))
        this.#add({ kind: 'observe', element: element.id, phase: 'start', inputs: [entry.place], outputs: [inside], flows: [...entry.flows] })
        continue
      }
      this.#leave(element, entry, ends)
    }
    if (!starts) return
    const inside = this.#place('in', element.id, this.#scopeOf(element.parent ?? ''))
    this.#leave(element, { place: inside, flows: [] }, ends)
  }

  /** The last transition of an activity: by its own event, by our command, or silently. */
  #leave(element: Element, entry: Entry, observed: boolean): void {
    for (const way of this.#ways(element)) {
      const move = { element: element.id, inputs: [entry.place], outputs: way.outputs, flows: [...entry.flows, ...way.flows] }
      if (observed) this.#add({ ...move, kind: 'observe', phase: hasPhase(element, 'end') ? 'end' : 'occur' })
      if (element.command !== undefined) this.#add({ ...move, kind: 'command' })
      if (!observed && element.command === undefined) this.#add({ ...move, kind: 'silent', rests: this.#waits(element) })
    }
  }

  #intermediate(element: Element): void {
    const trigger = element.trigger?.kind ?? 'none'
    const catches = element.kind === 'intermediateCatchEvent'
    const bound = element.bindings.length > 0
    for (const entry of this.#entries(element)) {
      for (const way of this.#ways(element)) {
        const move = { element: element.id, inputs: [entry.place], outputs: way.outputs, flows: [...entry.flows, ...way.flows] }
        if (bound) this.#add({ ...move, kind: 'observe', phase: firstPhase(element) })
        if (element.command !== undefined) this.#add({ ...move, kind: 'command' })
        else if (!bound && catches && trigger === 'timer') this.#add({ ...move, kind: 'timer' })
        else if (!bound) this.#add({ ...move, kind: 'silent' })
      }
    }
  }

  #choice(element: Element): void {
    for (const entry of this.#entries(element)) {
      for (const flow of element.outgoing) {
        this.#add({ kind: 'silent', element: element.id, inputs: [entry.place], outputs: this.#arrive(flow), flows: [...entry.flows, flow] })
      }
      if (element.outgoing.length === 0) this.#add({ kind: 'silent', element: element.id, inputs: [entry.place], outputs: [], flows: [...entry.flows] })
    }
  }

  #parallel(element: Element): void {
    const outputs = element.outgoing.flatMap((flow) => this.#arrive(flow))
    const flows = [...element.outgoing]
    if (element.incoming.length < 2) {
      for (const entry of this.#entries(element)) {
        this.#add({ kind: 'silent', element: element.id, inputs: [entry.place], outputs, flows: [...entry.flows, ...flows] })
      }
      return
    }
    this.#add({ kind: 'silent', element: element.id, inputs: element.incoming.flatMap((flow) => this.#arrive(flow)), outputs, flows })
  }

  #end(element: Element): void {
    const trigger = element.trigger?.kind ?? 'none'
    const bound = element.bindings.length > 0
    const scope = this.#scopeOf(element.parent ?? '')
    for (const entry of this.#entries(element)) {
      const caught = trigger === 'error' ? this.#catcher(element) : undefined
      const move: Draft = { kind: bound ? 'observe' : 'silent', element: element.id, inputs: [entry.place], outputs: [], flows: [...entry.flows] }
      if (bound) move.phase = firstPhase(element)
      if (caught !== undefined) {
        // The error leaves the sub-process through the boundary event that catches it.
        const host = this.#place('scope', caught.attachedTo ?? '', this.#scopeOf(caught.parent ?? ''))
        const inner = this.#innerOf(caught.attachedTo ?? '')
        for (const way of this.#ways(caught)) {
          const thrown: Draft = { ...move, inputs: [...move.inputs, host], outputs: way.outputs, flows: [...move.flows, ...way.flows], clears: inner }
          if (!bound && caught.bindings.length > 0) this.#add({ ...thrown, kind: 'observe', element: caught.id, phase: firstPhase(caught) })
          else this.#add(thrown)
        }
        continue
      }
      if (trigger === 'terminate' || trigger === 'error') {
        move.clears = this.#lazyInner(trigger === 'error' ? 0 : scope)
        if (scope === 0 || trigger === 'error') move.terminates = true
      }
      if (element.command !== undefined) this.#add({ ...move, kind: 'command' })
      if (bound || element.command === undefined) this.#add(move)
    }
  }

  #boundary(element: Element): void {
    const host = this.#elements.get(element.attachedTo ?? '')
    if (host === undefined) return
    const scope = this.#scopeOf(host.parent ?? '')
    const trigger = element.trigger?.kind ?? 'none'
    if (trigger === 'compensation') return
    const places = isScope(host) ? [this.#place('scope', host.id, scope)] : this.#entries(host).map((entry) => entry.place)
    if (!isScope(host) && hasPhase(host, 'start')) places.push(this.#place('in', host.id, scope))
    const bound = element.bindings.length > 0
    const interrupting = element.interrupting !== false
    const self = trigger === 'timer' && !bound
    const kind: TransitionKind = bound ? 'observe' : self ? 'timer' : 'guess'
    for (const place of places) {
      for (const way of this.#ways(element)) {
        const move: Draft = { kind, element: element.id, inputs: interrupting ? [place] : [], reads: interrupting ? [] : [place], outputs: way.outputs, flows: way.flows }
        if (bound) move.phase = firstPhase(element)
        if (interrupting && isScope(host)) move.clears = this.#innerOf(host.id)
        if (self && interrupting && this.#process.mode === 'observe' && this.#leadsToCommand(element)) move.notedOnly = true
        this.#add(move)
      }
    }
  }

  #subProcess(element: Element): void {
    const parent = this.#scopeOf(element.parent ?? '')
    const scope = this.#scopeOf(element.id)
    const open = this.#place('scope', element.id, parent)
    const source = this.#place('source', element.id, scope)
    for (const entry of this.#entries(element)) {
      const move: Draft = { kind: 'silent', element: element.id, inputs: [entry.place], outputs: [open, source], flows: [...entry.flows] }
      if (hasPhase(element, 'start')) this.#add({ ...move, kind: 'observe', phase: 'start' })
      else this.#add(move)
    }
    this.#starts(scope, source, element.id)
    for (const way of this.#ways(element)) {
      const done: Draft = { kind: 'silent', element: element.id, inputs: [open], outputs: way.outputs, flows: way.flows, whenEmpty: scope }
      if (hasPhase(element, 'end')) this.#add({ ...done, kind: 'observe', phase: 'end' })
      else this.#add(done)
    }
  }

  /** The starts of a scope compete for its source token; without start events everything that nothing leads to begins at once. */
  #starts(scope: number, source: number, parent: string | undefined): void {
    const inside = this.#process.elements.filter((element) => element.parent === parent)
    const starts = inside.filter((element) => element.kind === 'startEvent')
    for (const start of starts) {
      const bound = start.bindings.length > 0
      for (const way of this.#ways(start)) {
        const move: Draft = { kind: 'silent', element: start.id, inputs: [source], outputs: way.outputs, flows: way.flows }
        if (bound) this.#add({ ...move, kind: 'observe', phase: firstPhase(start) })
        else this.#add(move)
      }
    }
    if (starts.length > 0) return
    const implicit = inside.filter((element) => element.incoming.length === 0 && element.attachedTo === undefined
      && element.triggeredByEvent !== true && element.isForCompensation !== true)
    const outputs = implicit.map((element) => this.#place('at', element.id, scope))
    this.#add({ kind: 'silent', element: parent ?? implicit[0]?.id ?? '', inputs: [source], outputs, flows: [] })
  }

  /** Places from which an element may be entered: its own, and the event-based gateways before it. */
  #entries(element: Element): readonly Entry[] {
    const entries: Entry[] = []
    let own = element.incoming.length === 0
    for (const flow of element.incoming) {
      const source = this.#elements.get(this.#flowSource.get(flow) ?? '')
      if (source?.kind === 'eventBasedGateway') {
        entries.push({ place: this.#place('at', source.id, this.#scopeOf(source.parent ?? '')), flows: [flow] })
      } else {
        own = true
      }
    }
    if (own) entries.unshift({ place: this.#place('at', element.id, this.#scopeOf(element.parent ?? '')), flows: [] })
    return entries
  }

  /** The ways out of an element: all flows at once, or each combination that its conditional flows allow. */
  #ways(element: Element): readonly { outputs: number[]; flows: string[] }[] {
    const conditional = element.outgoing.filter((flow) => this.#isConditional(element, flow))
    const always = element.outgoing.filter((flow) => !conditional.includes(flow))
    const sets: (readonly string[])[] = conditional.length === 0 ? [[]] : [...combinations(conditional, element.defaultFlow)]
    if (conditional.length > 0 && always.length > 0 && element.defaultFlow === undefined) sets.push([])
    return sets.map((set) => {
      const flows = [...always, ...set]
      return { outputs: flows.flatMap((flow) => this.#arrive(flow)), flows }
    })
  }

  #isConditional(element: Element, flow: string): boolean {
    if (element.defaultFlow === flow) return true
    return this.#process.flows.find((candidate) => candidate.id === flow)?.condition !== undefined
  }

  /** Where a token on this flow arrives. */
  #arrive(flow: string): number[] {
    const target = this.#elements.get(this.#flowTarget.get(flow) ?? '')
    if (target === undefined) return []
    const scope = this.#scopeOf(target.parent ?? '')
    if (target.kind === 'parallelGateway' && target.incoming.length > 1) return [this.#place('join', target.id, scope, flow)]
    return [this.#place('at', target.id, scope)]
  }

  /** The boundary event that catches an error thrown at this end, innermost sub-process first. */
  #catcher(end: Element): Element | undefined {
    for (let host = this.#elements.get(end.parent ?? ''); host !== undefined; host = this.#elements.get(host.parent ?? '')) {
      const candidates = (this.#boundaries.get(host.id) ?? []).filter((boundary) => boundary.trigger?.kind === 'error')
      const match = candidates.find((boundary) => boundary.trigger?.name === end.trigger?.name)
        ?? candidates.find((boundary) => boundary.trigger?.name === undefined)
      if (match !== undefined) return match
    }
    return undefined
  }

  /** Something here waits for time to pass, so a token must be seen to stop. */
  #waits(element: Element): boolean {
    if (element.stuckAfter !== undefined || element.sla !== undefined) return true
    return (this.#boundaries.get(element.id) ?? []).some((boundary) => boundary.trigger?.kind === 'timer')
  }

  #leadsToCommand(from: Element): boolean {
    const seen = new Set<string>()
    const open = [...from.outgoing]
    for (let flow = open.pop(); flow !== undefined; flow = open.pop()) {
      const target = this.#elements.get(this.#flowTarget.get(flow) ?? '')
      if (target === undefined || seen.has(target.id)) continue
      seen.add(target.id)
      if (target.command !== undefined) return true
      if (target.bindings.length === 0) open.push(...target.outgoing)
    }
    return false
  }

  #place(kind: Place['kind'], element: string, scope: number, flow = ''): number {
    const key = `${kind} ${element} ${flow}`
    const known = this.#placeIndex.get(key)
    if (known !== undefined) return known
    const index = this.#places.push({ kind, element, scope }) - 1
    this.#placeIndex.set(key, index)
    return index
  }

  #openScope(element: string, parent: number): number {
    const index = this.#scopes.push({ element, parent, inner: [] }) - 1
    this.#scopeIndex.set(element, index)
    return index
  }

  #scopeOf(element: string): number {
    const known = this.#scopeIndex.get(element)
    if (known !== undefined) return known
    return this.#openScope(element, this.#scopeOf(this.#elements.get(element)?.parent ?? ''))
  }

  #innerOf(element: string): readonly number[] {
    return this.#lazyInner(this.#scopeOf(element))
  }

  /** Filled once all places are known; transitions share the array. */
  #lazyInner(scope: number): readonly number[] {
    return this.#scopes[scope]?.inner ?? []
  }

  #add(draft: Draft): void {
    const { reads = [], clears = [], rests = false, ...rest } = draft
    this.#transitions.push({ ...rest, reads, clears, rests, index: this.#transitions.length })
  }
}

function isScope(element: Element): boolean {
  return element.kind === 'subProcess' || element.kind === 'transaction' || element.kind === 'adHocSubProcess'
}

function hasPhase(element: Element, phase: Phase): boolean {
  return element.bindings.some((binding) => binding.phase === phase)
}

function firstPhase(element: Element): Phase {
  return element.bindings[0]?.phase ?? 'occur'
}

function combinations(flows: readonly string[], byDefault: string | undefined): readonly string[][] {
  if (flows.length > MAX_COMBINED_FLOWS) return flows.map((flow) => [flow])
  const sets: string[][] = []
  for (let bits = 1; bits < 1 << flows.length; bits++) {
    const set = flows.filter((_, index) => (bits >> index) & 1)
    if (byDefault !== undefined && set.includes(byDefault) && set.length > 1) continue
    sets.push(set)
  }
  return sets
}
