/** Choices that conditions on known variables decide, by the place at which a token waits for them. */
import { compileExpression, type Expression, type Truth } from '../bind/expression.js'
import type { Element } from '../model.js'
import type { Net, Transition } from '../net/net.js'

interface Option {
  readonly condition: Expression
  /** Takes the flow. */
  readonly take: Transition
  /** Of choices that may take several: takes it beside another; goes without it. */
  readonly more?: Transition
  readonly drop?: Transition
}

export interface SplitAt {
  readonly element: Element
  readonly options: readonly Option[]
  readonly otherwise?: Transition
}

/** Only splits whose every flow has a condition in FEEL or is the default: what cannot be decided as a whole is learned from events. */
export function splitsOf(net: Net, elements: ReadonlyMap<string, Element>): ReadonlyMap<number, SplitAt> {
  const conditions = new Map(net.process.flows.map((flow) => [flow.id, flow.condition]))
  const splits = new Map<number, SplitAt>()
  net.places.forEach((place, index) => {
    const element = elements.get(place.element)
    const over = place.kind === 'scope' ? endOfAdHoc(net, element, index) : undefined
    if (over !== undefined) splits.set(index, over)
    if (element === undefined || place.isAgain === true || !isChoice(element, place.kind)) return
    const from = (places: readonly number[]) => places.flatMap((at) => net.consumers[at] ?? []).flatMap((at) => net.transitions[at] ?? [])
    const ways = from([index])
    const options: Option[] = []
    let otherwise: Transition | undefined
    for (const take of ways) {
      const flow = take.flows.at(-1) ?? ''
      const condition = conditions.get(flow)
      // Beside a flow that was taken, an option is decided where that one is.
      if (take.unless !== undefined && take.unless.length > 0) return
      if (flow === '' || flow === element.defaultFlow) otherwise = take
      else if (condition?.feel !== true) return
      else options.push({ condition: compileExpression(condition.text), take, ...alone(from(take.inputs.filter((input) => input !== index))) })
    }
    if (options.length > 0 && ways.length > 1) splits.set(index, { element, options, ...(otherwise === undefined ? {} : { otherwise }) })
  })
  return splits
}

/** An ad-hoc sub-process is over where its completion condition is true. */
function endOfAdHoc(net: Net, element: Element | undefined, open: number): SplitAt | undefined {
  const text = element?.adHoc?.completion
  const condition = text?.startsWith('=') === true ? compileExpression(text) : undefined
  const take = (net.consumers[open] ?? []).flatMap((index) => net.transitions[index] ?? []).find((transition) => transition.whenEmpty !== undefined && transition.kind === 'silent')
  return element === undefined || condition === undefined || condition.error !== undefined || take === undefined ? undefined : { element, options: [{ condition, take }] }
}

function isChoice(element: Element, kind: Net['places'][number]['kind']): boolean {
  if (kind === 'choice' || kind === 'option') return true
  return element.outgoing.length > 1 && (element.kind === 'exclusiveGateway' || (element.kind === 'inclusiveGateway' && kind === 'in'))
}

/** What may become of an option when another was taken first. */
function alone(transitions: readonly Transition[]): Pick<Option, 'more' | 'drop'> {
  const more = transitions.find((transition) => transition.inputs.length === 1 && transition.flows.length > 0)
  const drop = transitions.find((transition) => transition.inputs.length === 1 && transition.flows.length === 0)
  return more === undefined || drop === undefined ? {} : { more, drop }
}

/** What to fire, in order; undefined: it cannot be known. Several true conditions take the first flow of an exclusive gateway, else all of them. */
export function decideSplit(split: SplitAt, truthOf: (condition: Expression) => Truth): readonly Transition[] | undefined {
  const truths = split.options.map((option) => truthOf(option.condition))
  if (truths.includes('unknown')) return undefined
  const first = truths.indexOf('true')
  const take = split.options[first]?.take ?? split.otherwise
  if (take === undefined) return undefined
  if (first < 0) return [take]
  const rest = split.options.flatMap((option, index) => {
    const next = truths[index] === 'true' ? option.more : option.drop
    return index === first || next === undefined ? [] : [next]
  })
  return [take, ...rest]
}
