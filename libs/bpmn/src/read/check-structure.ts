import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'
import { isSubProcess } from './supported.js'

/** Drawing faults that the standard forbids or that make a process wait for ever. */
export function checkStructure(graph: Graph): Finding[] {
  return [...crossings(graph), ...boundaries(graph), ...unreachable(graph), ...ends(graph), ...joins(graph)]
}

function crossings(graph: Graph): Finding[] {
  return graph.process.flows.flatMap((flow) => {
    const [source, target] = [graph.element.get(flow.source), graph.element.get(flow.target)]
    if (source === undefined || target === undefined || source.parent === target.parent) return []
    return [finding('flowCrossesScope', flow.id,
      `The flow from ${called(source)} to ${called(target)} crosses the border of a sub-process: lead it to the border.`)]
  })
}

function boundaries(graph: Graph): Finding[] {
  return graph.process.elements
    .filter((element) => element.kind === 'boundaryEvent' && !graph.element.has(element.attachedTo ?? ''))
    .map((element) => finding('danglingBoundary', element.id, `The boundary event ${called(element)} is attached to nothing.`))
}

function unreachable(graph: Graph): Finding[] {
  const byEvent = graph.process.elements.filter((element) => element.parent === undefined && element.triggeredByEvent === true)
  const roots = [...graph.entries(undefined), ...byEvent]
  const reached = graph.reachable(roots)
  return graph.process.elements.filter((element) => !reached.has(element)).map((element) => finding('unreachable', element.id,
    `No token can reach ${called(element)}: connect it, or delete it.`))
}

/** A process with end events should end at them; one without any end never completes. */
function ends(graph: Graph): Finding[] {
  const elements = graph.process.elements.filter((element) => element.outgoing.length === 0 && element.triggeredByEvent !== true
    && element.isForCompensation !== true && !(element.kind === 'boundaryEvent' && element.trigger?.kind === 'compensation'))
  if (!elements.some((element) => element.parent === undefined)) {
    return [finding('noEnd', undefined,
      `The process ${called(graph.process)} has no end, so its instances never complete: draw an end event.`)]
  }
  const scopes = new Set(graph.process.elements.filter((element) => element.kind === 'endEvent').map((element) => element.parent))
  return elements
    .filter((element) => element.kind !== 'endEvent' && scopes.has(element.parent) && !isLinkThrow(element))
    .map((element) => finding('deadEnd', element.id, `A path ends at ${called(element)} without an end event; a token ends there.`))
}

function isLinkThrow(element: Element): boolean {
  return element.kind === 'intermediateThrowEvent' && element.trigger?.kind === 'link'
}

/** Two branches of one choice that meet in a parallel join: one of them never comes. */
function joins(graph: Graph): Finding[] {
  return graph.process.elements
    .filter((element) => element.kind === 'parallelGateway' && element.incoming.length > 1)
    .flatMap((join) => {
      const choices = join.incoming.map((flow) => choiceBehind(flow, graph)).filter((choice) => choice !== undefined)
      const twice = choices.find((choice, index) => choices.indexOf(choice) !== index)
      return twice === undefined ? [] : [finding('joinFedByChoice', join.id,
        `The parallel join ${called(join)} waits for branches of which ${called(twice)} takes only one: `
        + 'join them with an exclusive gateway.')]
    })
}

/** Elements of a branch between choice and join; longer ones are not looked at. */
const MAX_BRANCH = 1_000

/** The exclusive split that a branch comes from, with nothing but a plain sequence between. */
function choiceBehind(flow: string, graph: Graph): Element | undefined {
  let element = graph.element.get(graph.flow.get(flow)?.source ?? '')
  for (let step = 0; element !== undefined && step < MAX_BRANCH; step++) {
    if (element.outgoing.length > 1) {
      return element.kind === 'exclusiveGateway' || element.kind === 'eventBasedGateway' ? element : undefined
    }
    if (element.incoming.length !== 1 || (isSubProcess(element.kind) && graph.boundaryEvents(element).length > 0)) return undefined
    element = graph.sources(element)[0]
  }
  return undefined
}
