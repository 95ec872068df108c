/**
 * What a person says of an instance, as entries among its events: they join the fold at the time they state, and speak of elements, kinds and
 * events, never of rows, so that a refold finds what they mean or says that they have no effect.
 */
import { labelOf, type Net } from '../net/net.js'
import type { Phase } from '../model.js'
import type { Fact } from './fact.js'
import type { Run } from './run.js'
import type { TrackedModel } from './tracked-model.js'

/** By the type of the entry. `setAside` is done before the fold, see {@link withoutSetAside}. */
export type CorrectionType = 'acceptDeviation' | 'setAside' | 'assertStep' | 'moveTokens' | 'endInstance'

/** What an entry of these types carries in its patch. */
export interface CorrectionPatch {
  /** Id of the instance meant; another one of the key is not touched. */
  readonly instance?: string
  /** acceptDeviation: its kind; the element stands in the entry. */
  readonly kind?: string
  /** assertStep: absent, the end of an activity or the occurrence of an event. */
  readonly phase?: Phase
  /** moveTokens: where tokens are from now on, all of them. */
  readonly elements?: readonly string[]
  /** assertStep, moveTokens: the item meant, of what is followed item by item, as it is shown; absent: the only one at work there. */
  readonly item?: string
  /** setAside: the event, or what a person said before. */
  readonly source?: string
  readonly id?: string
}

/** A deviation that somebody has said is normal here. */
export interface Acceptance {
  readonly kind: string
  /** Absent: anywhere. */
  readonly element?: string
}

const TYPES: readonly string[] = ['acceptDeviation', 'setAside', 'assertStep', 'moveTokens', 'endInstance'] satisfies CorrectionType[]

export function isCorrection(fact: Fact): boolean {
  return fact.kind === 'operation' && TYPES.includes(fact.type)
}

export function patchOf(fact: Fact): CorrectionPatch {
  return fact.patch ?? {}
}

/** Answers whether it had an effect. */
export function correct(run: Run, fact: Fact): boolean {
  const { model } = run
  const { kind, phase, elements = [] } = patchOf(fact)
  switch (fact.type as CorrectionType) {
    case 'acceptDeviation':
      if (kind === undefined) return false
      run.accepted = [...run.accepted, fact.element === undefined ? { kind } : { kind, element: fact.element }]
      return true
    case 'assertStep': {
      const label = observableLabel(model.net, fact.element ?? '', phase)
      return label !== undefined && run.assert(fact, label)
    }
    case 'moveTokens': {
      const places = placesOf(model.net, elements)
      if (places === undefined) return false
      run.place(fact, places, false)
      return true
    }
    case 'endInstance':
      if (run.posture.ended) return false
      run.place(fact, [], true)
      return true
    case 'setAside':
      return true
  }
}

/**
 * What is said of one item: a step of it, or where its tokens are. Answers whether it is about an item that there is.
 * @param name the item, inside the run; absent: the only one at work there
 */
export function correctItem(run: Run, fact: Fact, name: string | undefined): boolean {
  const { elements = fact.type === 'assertStep' && fact.element !== undefined ? [fact.element] : [], phase } = patchOf(fact)
  const [first] = elements
  const meant = first === undefined ? undefined : run.items?.meant(first, name)
  if (meant === undefined || !elements.every((element) => meant.item.of.members.has(element))) return false
  const inside = meant.item.run
  const isSaidOfItems = modelsAround(inside.model, elements).some(({ net }) => (fact.type === 'assertStep' ? observableLabel(net, first ?? '', phase) : placesOf(net, elements)) !== undefined)
  // Where only the whole can be done, or stand there, it is the whole that is meant.
  if (name === undefined && !isSaidOfItems) return false
  inside.correct(fact, meant.inner)
  run.items?.tellOf(inside, fact.appendTime)
  return true
}

/** What follows these elements: the model itself, then those of one pass through each part around them that is followed item by item, the innermost last. */
export function modelsAround(model: TrackedModel, elements: readonly string[]): readonly TrackedModel[] {
  const items = model.itemsAround(elements[0] ?? '')
  return items !== undefined && elements.every((element) => items.members.has(element)) ? [model, ...modelsAround(items.model, elements)] : [model]
}

/** What the model can observe at an element: the phase that is said, else its last. */
export function observableLabel(net: Net, element: string, phase: Phase | undefined): string | undefined {
  const phases: readonly Phase[] = phase === undefined ? ['end', 'occur', 'start'] : [phase]
  return phases.map((each) => labelOf(element, each)).find((label) => net.observations.has(label))
}

/** Where tokens at these elements lie, those of the sub-processes around them included; undefined where one of them can hold none. */
export function placesOf(net: Net, elements: readonly string[]): readonly number[] | undefined {
  const places = new Set<number>()
  for (const element of elements) {
    const place = (['at', 'in', 'scope'] as const).map((kind) => net.places.findIndex((candidate) => candidate.element === element && candidate.kind === kind)).find((index) => index >= 0)
    if (place === undefined) return undefined
    places.add(place)
    for (let scope = net.scopes[net.places[place]?.scope ?? 0]; scope !== undefined && scope.element !== ''; scope = net.scopes[scope.parent]) {
      const around = net.places.findIndex((candidate) => candidate.element === scope?.element && candidate.kind === 'scope')
      if (around >= 0) places.add(around)
    }
  }
  return [...places].sort((a, b) => a - b)
}

/**
 * The entries as they are folded: events that were set aside are bound to nothing and say nothing, what a person took back is left out. Setting
 * aside what set something aside takes that back.
 */
export function withoutSetAside(facts: readonly Fact[]): readonly Fact[] {
  const said = facts.filter((fact) => fact.kind === 'operation' && fact.type === 'setAside')
  if (said.length === 0) return facts
  const gone = new Set<string>()
  // Who speaks of another speaks later.
  for (const fact of [...said].sort((a, b) => (a.position > b.position ? -1 : 1))) {
    const { source, id } = patchOf(fact)
    if (!gone.has(nameOf(fact.source, fact.id)) && source !== undefined && id !== undefined) gone.add(nameOf(source, id))
  }
  return facts.flatMap((fact) => {
    if (!gone.has(nameOf(fact.source, fact.id))) return [fact]
    if (fact.kind === 'operation') return []
    if (fact.kind !== 'event') return [fact]
    const { patch: _patch, ...rest } = fact
    return [{ ...rest, labels: {} }]
  })
}

function nameOf(source: string, id: string): string {
  return `${source}\u0000${id}`
}
