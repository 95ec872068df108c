/**
 * An instance whose next step hangs on an expression that would run away over its data is suspended: nothing of it is decided, no timer of it fires,
 * and somebody is told. It goes on by itself when other data come.
 */
import { compileExpression, type Expression } from '../bind/expression.js'
import type { Element, ProcessModel } from '../model.js'
import type { Run } from './run.js'

/** Expressions that loop, by the element at which a token waits for them. */
export type Runaways = ReadonlyMap<string, readonly Expression[]>

export function runawaysOf(process: ProcessModel): Runaways {
  const found = new Map<string, Expression[]>()
  const add = (text: string | undefined, ...elements: readonly (string | undefined)[]) => {
    const expression = text === undefined ? undefined : compileExpression(text)
    if (expression?.mayRunAway !== true) return
    for (const element of elements) if (element !== undefined) found.set(element, [...(found.get(element) ?? []), expression])
  }
  const sources = new Map(process.flows.map((flow) => [flow.id, flow.source]))
  for (const flow of process.flows) if (flow.condition?.feel === true) add(flow.condition.text, flow.source)
  for (const element of process.elements) {
    // It is waited for at the event, at the host of a boundary event, at the choice before a catching one.
    const places = [element.id, element.attachedTo, ...element.incoming.map((flow) => sources.get(flow))]
    for (const text of [element.trigger?.timer?.text, element.trigger?.condition]) if (text?.startsWith('=') === true) add(text, ...places)
    for (const text of [element.loop?.cardinality, element.loop?.collection, element.loop?.completion, element.loop?.condition]) add(text, element.id)
    add(element.command?.data, element.id)
  }
  return found
}

/** The element at which it is suspended, and the expression; undefined where it is not. */
export function suspensionOf(run: Run): { readonly element: Element; readonly expression: string } | undefined {
  const { runaways, elements } = run.model
  if (runaways.size === 0) return undefined
  for (const token of run.shownTokens) {
    const element = elements.get(run.model.elementAt(token.place))
    for (const expression of element === undefined ? [] : (runaways.get(element.id) ?? [])) {
      if (element !== undefined && expression.evaluate({ ...run.variables, now: run.headTime }).ranAway === true) return { element, expression: expression.text }
    }
  }
  return undefined
}
