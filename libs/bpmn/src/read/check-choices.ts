import { compileExpression } from '../bind/expression.js'
import type { Element, Finding, SequenceFlow } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'
import { isSubProcess } from './supported.js'

/**
 * Which branch was taken is normally learned from what is observed after it. Where Tidemark itself has to act before anything is
 * observed (send a command, arm a timer or an SLA), it must be able to decide: otherwise that would silently never happen.
 */
export function checkChoices(graph: Graph): Finding[] {
  const acting = firstActing(graph)
  return [
    ...graph.process.flows.flatMap((flow) => expressionOf(flow)),
    ...graph.process.elements.flatMap((element) => conditionalEvent(element)),
    ...graph.process.elements.flatMap((element) => unknownConditions(element, graph)),
    ...graph.process.elements.filter((element) => isSplit(element, graph))
      .flatMap((split) => mustBeEager(split, graph, acting)),
  ]
}

/** Which of its flows a token takes is open: exclusive and inclusive gateways, and activities and events with conditional flows. */
function isSplit(element: Element, graph: Graph): boolean {
  if (element.outgoing.length < 2) return false
  if (element.kind.endsWith('Gateway')) return ['exclusiveGateway', 'inclusiveGateway', 'complexGateway'].includes(element.kind)
  return flowsOf(element, graph).some((flow) => flow.condition !== undefined)
}

function expressionOf(flow: SequenceFlow): Finding[] {
  if (flow.condition?.feel !== true) return []
  const { error } = compileExpression(flow.condition.text)
  return error === undefined ? [] : [finding('badExpression', flow.id,
    `The condition of the flow ${called(flow)} cannot be used: ${error}.`)]
}

/** A conditional event that no event is bound to happens when its condition is known to be true. */
function conditionalEvent(element: Element): Finding[] {
  if (element.trigger?.kind !== 'conditional' || element.bindings.length > 0) return []
  const { condition } = element.trigger
  if (condition?.startsWith('=') !== true) return [finding('unknownCondition', element.id, `The condition of ${called(element)} is not FEEL; that it came true is learned from the events that follow.`)]
  const { error } = compileExpression(condition)
  return error === undefined ? [] : [finding('badExpression', element.id, `The condition of ${called(element)} cannot be used: ${error}.`)]
}

function unknownConditions(element: Element, graph: Graph): Finding[] {
  const unknown = flowsOf(element, graph).filter((flow) => flow.condition !== undefined && !flow.condition.feel)
  return unknown.length === 0 ? [] : [finding('unknownCondition', element.id,
    `Conditions after ${called(element)} are not FEEL; which way was taken is learned from the events that follow.`)]
}

function mustBeEager(split: Element, graph: Graph, acting: ReadonlyMap<Element, Element>): Finding[] {
  const open = flowsOf(split, graph).filter((flow) => split.kind.endsWith('Gateway') || flow.condition !== undefined || flow.id === split.defaultFlow)
  if (open.every((flow) => flow.id === split.defaultFlow || isEvaluable(flow))) return []
  const met = open.map((flow) => acting.get(graph.element.get(flow.target) ?? split)).find((element) => element !== undefined)
  if (met === undefined) return []
  const action = actionAt(met, graph) ?? 'an action'
  const where = `The choice ${called(split)} leads to ${action} at ${called(met)} before any event tells which way was taken`
  const mend = 'give each of its flows a FEEL condition, or make it the default'
  // Where nothing is ever sent a time that begins late costs a note; what would be sent must not be lost in silence.
  if (graph.process.mode === 'observe' && met.command === undefined) {
    return [finding('waitsForEvidence', split.id, `${where}, so that it counts only from that event on: ${mend}, if it is to count from the choice.`)]
  }
  return [finding('mustBeEager', split.id, `${where}: ${mend}.`)]
}

function isEvaluable(flow: SequenceFlow): boolean {
  return flow.condition?.feel === true && compileExpression(flow.condition.text).error === undefined
}

/**
 * For each element the first acting one that a token meets from there on (itself included) before anything is observed. Found backwards
 * from those that act, so that a large model costs one pass.
 */
function firstActing(graph: Graph): Map<Element, Element> {
  const before = new Map<Element, Element[]>()
  const acting = new Map<Element, Element>()
  for (const element of graph.process.elements) {
    if (actionAt(element, graph) !== undefined) acting.set(element, element)
    else if (element.bindings.length === 0 && element.kind !== 'eventBasedGateway') {
      for (const next of passedOnTo(element, graph)) {
        const known = before.get(next)
        if (known === undefined) before.set(next, [element])
        else known.push(element)
      }
    }
  }
  for (const [element, met] of acting) {
    for (const earlier of before.get(element) ?? []) if (!acting.has(earlier)) acting.set(earlier, met)
  }
  return acting
}

function actionAt(element: Element, graph: Graph): string | undefined {
  if (element.command !== undefined) return 'a command'
  if (element.sla !== undefined) return 'an SLA'
  const inside = graph.inside(element).filter((child) => child.triggeredByEvent === true).flatMap((child) => graph.inside(child))
  const timers = element.kind === 'eventBasedGateway' ? graph.targets(element) : [element, ...graph.boundaryEvents(element), ...inside]
  // A process that a timer starts has begun when there is anything to decide.
  return timers.some((timer) => (timer !== element || timer.kind !== 'startEvent') && timer.trigger?.timer?.mode === 'self') ? 'a timer' : undefined
}

function passedOnTo(element: Element, graph: Graph): readonly Element[] {
  const inner = isSubProcess(element.kind) ? graph.entries(element.id) : []
  if (inner.length > 0) return inner
  const out = graph.targets(element)
  if (out.length > 0) return out
  const scope = graph.element.get(element.parent ?? '')
  return scope === undefined || element.trigger?.kind === 'error' ? [] : graph.targets(scope)
}

function flowsOf(element: Element, graph: Graph): SequenceFlow[] {
  return element.outgoing.map((id) => graph.flow.get(id)).filter((flow) => flow !== undefined)
}
