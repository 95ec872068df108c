/** How often an activity with a loop marker has happened, how often it is to happen, and what follows from that. */
import { compileExpression, truthOf, type Expression } from '../bind/expression.js'
import type { Element } from '../model.js'
import type { Net, Transition } from '../net/net.js'
import { firedUpTo } from './deviations.js'
import type { Run } from './run.js'

export interface RepetitionAt {
  readonly element: Element
  /** Undefined where no instance was begun. */
  readonly again: Transition | undefined
  /** On, without another instance. */
  readonly leave: Transition | undefined
  /** Transitions that complete an instance; that end the activity. */
  readonly completes: ReadonlySet<number>
  readonly ends: ReadonlySet<number>
  /** Items that are followed apart are at work. */
  readonly isAtWork?: true
  readonly cardinality?: Expression
  readonly collection?: Expression
  readonly completion?: Expression
  readonly condition?: Expression
}

export interface Instances {
  readonly done: number
  /** How many there are to be, where data says so. */
  readonly of?: number
}

/** By place: before the first instance, and after each one. */
export function repetitionsOf(net: Net, elements: ReadonlyMap<string, Element>): ReadonlyMap<number, RepetitionAt> {
  const repetitions = new Map<number, RepetitionAt>()
  net.places.forEach((place, after) => {
    const element = elements.get(place.element)
    if (place.kind !== 'choice' || place.isAgain !== true || element?.loop === undefined) return
    const { cardinality, collection, completion, condition } = element.loop
    const entry = net.places.findIndex((other) => other.kind === 'at' && other.element === element.id)
    const from = (at: number) => (net.consumers[at] ?? []).flatMap((index) => net.transitions[index] ?? [])
    const again = from(after).find((transition) => transition.outputs.includes(entry))
    const leave = from(after).find((transition) => transition !== again)
    const none = from(entry).find((transition) => transition.onlyDecided === true || (element.loop?.testBefore === true && isLike(transition, leave)))
    const shared = {
      element,
      completes: new Set(net.producers[after]),
      ends: new Set([leave, none].flatMap((transition) => transition?.index ?? [])),
      ...expressions({ cardinality, collection, completion, condition }),
    }
    repetitions.set(after, { ...shared, again, leave })
    repetitions.set(entry, { ...shared, again: undefined, leave: none })
    if (element.itemThrows === undefined) return
    // Items that are at work end where the completion condition says so.
    const inside = net.places.findIndex((other) => other.kind === 'in' && other.element === element.id)
    repetitions.set(inside, { ...shared, again: undefined, leave: from(inside).find((transition) => transition.onlyDecided === true), isAtWork: true })
  })
  return repetitions
}

/** It leads to the same places. */
function isLike(a: Transition, b: Transition | undefined): boolean {
  return a.kind === b?.kind && a.outputs.length === b.outputs.length && a.outputs.every((place, index) => place === b.outputs[index])
}

/** What to do at this place, where data says so; undefined: it stays open. */
export function decideRepetition(run: Run, place: number, repetition: RepetitionAt): Transition | undefined {
  const { element, again, leave, completion, condition } = repetition
  const { done, of } = instancesOf(run, repetition)
  const context = { ...run.variables, now: run.headTime, loopCounter: done, numberOfCompletedInstances: done, ...(of === undefined ? {} : { numberOfInstances: of }) }
  const says = (expression: Expression | undefined) => (expression === undefined ? 'unknown' : truthOf(expression, context))
  if (repetition.isAtWork === true) return done > 0 && says(completion) === 'true' ? leave : undefined
  if (again === undefined) return of === 0 || (element.loop?.testBefore === true && says(condition) === 'false') ? leave : undefined
  if (says(completion) === 'true' || says(condition) === 'false' || (of !== undefined && done >= of) || done >= (element.loop?.maximum ?? Infinity)) return leave
  // Beside instances that run nothing need be begun.
  const others = run.shownTokens.filter((token) => token.place !== place && run.model.elementAt(token.place) === element.id)
  const begun = run.items?.countOf(element.id)?.begun ?? done
  return (of === undefined ? says(condition) === 'true' : begun < of) && others.length === 0 ? again : undefined
}

/** Of the present stay at the activity. */
export function instancesOf(run: Run, repetition: RepetitionAt): Instances {
  const done = run.items?.countOf(repetition.element.id)?.done ?? completed(run, repetition)
  const of = countOf(repetition, { ...run.variables, now: run.headTime })
  return of === undefined ? { done } : { done, of }
}

function completed(run: Run, repetition: RepetitionAt): number {
  let done = 0
  for (const { index } of firedUpTo(run.model, run.head, 0)) {
    if (repetition.ends.has(index)) break
    if (repetition.completes.has(index)) done++
  }
  return done
}

function countOf({ cardinality, collection }: RepetitionAt, context: object): number | undefined {
  const number = cardinality?.evaluate(context)
  if (number?.known === true && typeof number.value === 'number' && number.value >= 0) return Math.floor(number.value)
  const list = collection?.evaluate(context)
  return list?.known === true && Array.isArray(list.value) ? list.value.length : undefined
}

type Texts = Pick<RepetitionAt, 'cardinality' | 'collection' | 'completion' | 'condition'>

/** Those that are FEEL and can be read. */
function expressions(texts: { readonly [K in keyof Texts]: string | undefined }): Texts {
  return Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => {
    const expression = text === undefined ? undefined : compileExpression(text)
    return expression === undefined || expression.error !== undefined ? [] : [[name, expression]]
  }))
}
