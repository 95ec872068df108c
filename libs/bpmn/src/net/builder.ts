/**
 * What the files of elements/ build a net with: places and transitions, and the ways by which a token comes to an element and leaves it. An
 * element kind is a rule in elements/table.ts; nothing here knows any kind by name.
 */
import type { Element, ElementKind, Phase, ProcessModel } from '../model.js'
import type { Net, Place, Scope, Transition } from './net.js'
import { labelOf, outputsOf } from './net.js'
import { MAX_PARALLEL_INSTANCES } from './bounds.js'
import { openChoice } from './choice.js'
import { upstreamOf } from './upstream.js'

/** How one kind of element becomes part of a net. */
export interface ElementRule {
  /** Adds the places and transitions of an element. */
  readonly compile: (net: NetBuilder, element: Element) => void
  /** Tokens wait apart, each on the incoming flow that it came by: a join. */
  readonly waitsPerFlow?: (element: Element) => boolean
  /** It can happen again before it is left. */
  readonly repeats?: (element: Element) => boolean
  /** It has no transition: the token lies at it until one of its targets takes it from there. */
  readonly leftByTargets?: (element: Element) => boolean
}

export type ElementRules = Readonly<Record<ElementKind, ElementRule>>

/** A transition as an element states it; lists that are left out are empty. */
export interface Draft extends Omit<Transition, 'index' | 'reads' | 'clears' | 'rests' | 'upstream'>, Partial<Pick<Transition, 'reads' | 'clears' | 'rests'>> {
  /** Takes a token of each input that has one: once nothing more can come to the others, or at any time. */
  readonly joins?: 'whatCanCome' | 'whatIsThere'
}

/** Where an element's first transition takes its token from, and the flows that are taken on the way (behind an event-based gateway). */
export interface Entry {
  readonly place: number
  readonly flows: readonly string[]
}

/** One way out of an element: the places that get a token, and the flows taken. */
export interface Exit {
  readonly outputs: readonly number[]
  readonly flows: readonly string[]
}

/** No flow is called so: ids have no blanks. */
const AGAIN = 'and again'

export class NetBuilder {
  readonly process: ProcessModel
  readonly #rules: ElementRules
  readonly #elements: ReadonlyMap<string, Element>
  readonly #conditional: ReadonlySet<string>
  readonly #flowTarget: ReadonlyMap<string, string>
  readonly #flowSource: ReadonlyMap<string, string>
  readonly #places: Place[] = []
  readonly #placeIndex = new Map<string, number>()
  readonly #drafts: Draft[] = []
  readonly #choices = new Map<string, readonly number[]>()
  readonly #scopes: { element: string; parent: number; inner: number[] }[] = []
  /** Per scope, with what can be undone in it. */
  readonly #everything: number[][] = []
  readonly #groups: { readonly scope: number; readonly elements: ReadonlySet<string> }[] = []
  readonly #memories = new Map<string, number>()
  /** Places that are emptied when a token is gone from all of the others. */
  readonly #forgotten: { readonly host: readonly number[]; readonly places: readonly number[] }[] = []
  readonly #children = new Map<string, Element[]>()
  readonly #boundaries = new Map<string, Element[]>()
  readonly #scopeIndex = new Map<string, number>()

  constructor(process: ProcessModel, rules: ElementRules) {
    this.process = process
    this.#rules = rules
    this.#elements = new Map(process.elements.map((element) => [element.id, element]))
    this.#conditional = new Set(process.flows.filter((flow) => flow.condition !== undefined).map((flow) => flow.id))
    this.#flowTarget = new Map(process.flows.map((flow) => [flow.id, flow.target]))
    this.#flowSource = new Map(process.flows.map((flow) => [flow.id, flow.source]))
    for (const element of process.elements) {
      push(this.#children, element.parent ?? '', element)
      if (element.attachedTo !== undefined) push(this.#boundaries, element.attachedTo, element)
    }
    this.#openScope('', -1)
  }

  // Looking around in the drawing.

  element(id: string | undefined): Element | undefined {
    return this.#elements.get(id ?? '')
  }

  sourceOf(flow: string): Element | undefined {
    return this.#elements.get(this.#flowSource.get(flow) ?? '')
  }

  targetOf(flow: string): Element | undefined {
    return this.#elements.get(this.#flowTarget.get(flow) ?? '')
  }

  /** Elements directly inside a sub-process; undefined: at the top of the process. */
  childrenOf(parent: string | undefined): readonly Element[] {
    return this.#children.get(parent ?? '') ?? []
  }

  boundariesOf(host: string): readonly Element[] {
    return this.#boundaries.get(host) ?? []
  }

  // Places and transitions.

  /** The place of this kind at an element, made on first use. `part` tells places of one kind at one element apart: a flow of a join. */
  place(kind: Place['kind'], element: string, scope: number, part = ''): number {
    const key = `${kind} ${element} ${part}`
    const known = this.#placeIndex.get(key)
    if (known !== undefined) return known
    const index = this.#places.push({ kind, element, scope, ...(part === AGAIN ? { isAgain: true as const } : {}) }) - 1
    this.#placeIndex.set(key, index)
    return index
  }

  add(draft: Draft): void {
    this.#drafts.push(draft)
  }

  /** The scope that an element lies in; 0 is the process. */
  scopeAround(element: Element): number {
    return this.scopeInside(element.parent ?? '')
  }

  /** The scope that a sub-process opens. */
  scopeInside(element: string): number {
    const known = this.#scopeIndex.get(element)
    if (known !== undefined) return known
    return this.#openScope(element, this.scopeInside(this.#elements.get(element)?.parent ?? ''))
  }

  /** Places inside a scope, nested ones included: for `clears` where the scope goes on. Filled once all places are known. */
  placesInside(scope: number): readonly number[] {
    return this.#scopes[scope]?.inner ?? []
  }

  /** The same, and what can be undone in it: for `clears` where the scope is over for good. */
  everythingInside(scope: number): readonly number[] {
    return this.#everything[scope] ?? []
  }

  /** A scope of its own for `whenEmpty`: the places at these elements and inside them. */
  group(element: string, members: Iterable<string>): number {
    const scope = this.#scopes.push({ element, parent: -1, inner: [] }) - 1
    this.#groups.push({ scope, elements: new Set(members) })
    return scope
  }

  /** The same for places. */
  groupOf(element: string, places: readonly number[]): number {
    return this.#scopes.push({ element, parent: -1, inner: [...places] }) - 1
  }

  /** Where a token remembers that an activity was done, so that it can be undone; made on first use, and marked by each way out of it. */
  memory(element: Element): number {
    const place = this.place('memory', element.id, this.scopeAround(element))
    this.#memories.set(element.id, place)
    return place
  }

  /** What is counted beside a host is forgotten when the host is left. */
  forgetWhenLeft(host: readonly number[], places: readonly number[]): void {
    this.#forgotten.push({ host, places })
  }

  // How tokens come and go.

  /** Where an element may take its token from: its own place, and the event-based gateways before it. */
  entries(element: Element): readonly Entry[] {
    const entries: Entry[] = []
    let own = element.incoming.length === 0 || this.#repeats(element)
    for (const flow of element.incoming) {
      const source = this.sourceOf(flow)
      if (source !== undefined && this.#rules[source.kind].leftByTargets?.(source) === true) {
        entries.push({ place: this.place('at', source.id, this.scopeAround(source)), flows: [flow] })
      } else {
        own = true
      }
    }
    if (own) entries.unshift({ place: this.place('at', element.id, this.scopeAround(element)), flows: [] })
    return entries
  }

  /** The ways out of an element: one, by all its flows. Which of those with conditions are taken is left open. */
  exits(element: Element): readonly Exit[] {
    if (!this.#repeats(element)) return this.exitsWhenOver(element)
    const memory = this.#memories.get(element.id)
    return [{ outputs: [this.again(element), ...(memory === undefined ? [] : [memory])], flows: [] }]
  }

  /** Where the token of an activity lies of which one instance is done and another may follow. */
  again(element: Element): number {
    return this.place('choice', element.id, this.scopeAround(element), AGAIN)
  }

  /** The same for an activity that happens again and again, after the last time. */
  exitsWhenOver(element: Element): readonly Exit[] {
    const memory = this.#repeats(element) ? undefined : this.#memories.get(element.id)
    const open = element.outgoing.length < 2 ? [] : element.outgoing.filter((flow) => element.defaultFlow === flow || this.#conditional.has(flow))
    const always = element.outgoing.filter((flow) => !open.includes(flow))
    const outputs = [...always.flatMap((flow) => this.arrive(flow)), ...(memory === undefined ? [] : [memory])]
    return [{ outputs: open.length === 0 ? outputs : [...outputs, ...this.choice(element, 'choice', open, always.length === 0)], flows: always }]
  }

  /** Places that get a token where any of these flows may be taken; `atLeastOne`: not none of them. */
  choice(element: Element, kind: 'in' | 'choice', flows: readonly string[], atLeastOne: boolean): readonly number[] {
    const known = this.#choices.get(element.id)
    if (known !== undefined) return known
    const places = openChoice(this, element, kind, flows, atLeastOne)
    this.#choices.set(element.id, places)
    return places
  }

  /** Where a token on this flow arrives. */
  arrive(flow: string): readonly number[] {
    const target = this.targetOf(flow)
    if (target === undefined) return []
    const scope = this.scopeAround(target)
    if (this.#rules[target.kind].waitsPerFlow?.(target) === true) return [this.place('join', target.id, scope, flow)]
    return [this.place('at', target.id, scope)]
  }

  build(source: number): Net {
    this.#fillScopes()
    const transitions = this.#drafts.map((draft, index): Transition => {
      const { reads = [], clears = [], rests = false, joins, ...rest } = draft
      const upstream = joins === 'whatCanCome' ? upstreamOf(index, this.#drafts, this.#places) : joins === 'whatIsThere' ? rest.inputs.map(() => new Set<number>()) : undefined
      const most = this.#mostAt(draft.element)
      return { ...rest, reads, clears: [...clears, ...this.#forgottenBy(draft)], rests, index, ...(upstream === undefined ? {} : { upstream }), ...(most === undefined ? {} : { most }) }
    })
    const producers = this.#places.map((): number[] => [])
    const consumers = this.#places.map((): number[] => [])
    const observations = new Map<string, number[]>()
    for (const transition of transitions) {
      for (const place of new Set(outputsOf(transition))) producers[place]?.push(transition.index)
      for (const place of [...transition.inputs, ...(transition.transfers ?? []).map(({ from }) => from)]) consumers[place]?.push(transition.index)
      if (transition.kind === 'observe' && transition.phase !== undefined) {
        const label = labelOf(transition.element, transition.phase)
        const same = observations.get(label)
        if (same === undefined) observations.set(label, [transition.index])
        else same.push(transition.index)
      }
    }
    const scopes: readonly Scope[] = this.#scopes
    return { process: this.process, places: this.#places, transitions, scopes, source, producers, consumers, observations }
  }

  /** Which places lie inside which scope, once all are known. */
  #fillScopes(): void {
    this.#places.forEach((place, index) => {
      const around = new Set<string>([place.element])
      for (let scope = place.scope; scope >= 0; scope = this.#scopes[scope]?.parent ?? -1) {
        around.add(this.#scopes[scope]?.element ?? '')
        if (place.kind !== 'memory') this.#scopes[scope]?.inner.push(index)
        this.#everything[scope]?.push(index)
      }
      if (place.scope < 0) this.#everything[0]?.push(index)
      if (place.kind === 'memory') return
      for (const { scope, elements } of this.#groups) if ([...around].some((element) => elements.has(element))) this.#scopes[scope]?.inner.push(index)
    })
  }

  #forgottenBy({ inputs, outputs }: Draft): readonly number[] {
    return this.#forgotten.flatMap(({ host, places }) => (inputs.some((place) => host.includes(place)) && !outputs.some((place) => host.includes(place)) ? places : []))
  }

  /** Where instances run side by side there are as many tokens as instances. */
  #mostAt(id: string): number | undefined {
    for (let element = this.#elements.get(id); element !== undefined; element = this.#elements.get(element.parent ?? '')) {
      if (element.loop?.kind === 'parallel' && this.#repeats(element)) return MAX_PARALLEL_INSTANCES
    }
    return undefined
  }

  #repeats(element: Element): boolean {
    return this.#rules[element.kind].repeats?.(element) === true
  }

  #openScope(element: string, parent: number): number {
    const index = this.#scopes.push({ element, parent, inner: [] }) - 1
    this.#everything[index] = []
    this.#scopeIndex.set(element, index)
    return index
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}

export function hasPhase(element: Element, phase: Phase): boolean {
  return element.bindings.some((binding) => binding.phase === phase)
}

/** Phase of an element that reports one thing only. */
export function firstPhase(element: Element): Phase {
  return element.bindings[0]?.phase ?? 'occur'
}
