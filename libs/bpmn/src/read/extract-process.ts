import type { Element, Finding, SequenceFlow } from '../model.js'
import type { Drawing } from './drawing.js'
import { extractTrigger, messagesOf } from './extract-trigger.js'
import { called, finding } from './finding-codes.js'
import { joinLinks } from './links.js'
import { expression, flag, localType, many, nameOf, one, text } from './moddle-element.js'
import type { ModdleElement } from './moddle-element.js'
import { isActivity, isElementKind, isEventKind, isSubProcess } from './supported.js'

/** Sequence flows while their ends are being collected. */
interface Ends {
  readonly incoming: Map<string, string[]>
  readonly outgoing: Map<string, string[]>
}

/** One process with all that is nested in it. Links become plain flows here; everything else is kept as drawn. */
export function extractProcess(process: ModdleElement, name: string): { drawing: Drawing; findings: Finding[] } {
  const findings: Finding[] = []
  const nodes: { node: ModdleElement; parent: string | undefined }[] = []
  const drawnFlows: ModdleElement[] = []
  collect(process, undefined, nodes, drawnFlows, findings)

  const known = new Set(nodes.map(({ node }) => node.id))
  const flows: SequenceFlow[] = []
  for (const flow of drawnFlows) {
    const source = one(flow, 'sourceRef')?.id
    const target = one(flow, 'targetRef')?.id
    const id = flow.id ?? ''
    if (source === undefined || target === undefined || !known.has(source) || !known.has(target)) {
      const missing = source === undefined ? 'source' : 'target'
      findings.push(finding('danglingFlow', id,
        `The sequence flow ${called({ id, name: nameOf(flow) })} has no ${missing}: connect or delete it.`))
      continue
    }
    flows.push({ id, name: nameOf(flow), source, target, ...conditionOf(flow) })
  }

  const lanes = lanesOf(process, nodes.map(({ node }) => node))
  const unlinked = nodes.map(({ node, parent }) => extractElement(node, parent, lanes.get(node.id ?? '')))
  const linked = joinLinks(unlinked, flows)
  findings.push(...linked.findings)

  const ends = endsOf(linked.flows)
  const handlers = handlersOf([process, ...nodes.map(({ node }) => node)])
  const elements = unlinked.map((element) => ({
    ...element, ...handlerOf(element, handlers), incoming: ends.incoming.get(element.id) ?? [], outgoing: ends.outgoing.get(element.id) ?? [],
  }))
  const messages = new Map(nodes.flatMap(({ node }) => {
    const carried = messagesOf(node)
    return carried.length === 0 || node.id === undefined ? [] : [[node.id, carried] as const]
  }))
  const documentation = text(many(process, 'documentation')[0], 'text')?.trim()
  return {
    drawing: {
      id: process.id ?? '', name, ...(documentation === undefined ? {} : { documentation }), elements, flows: linked.flows, messages,
    },
    findings,
  }
}

/** Depth first, in document order; what carries no token (data, artifacts) is left out. */
function collect(
  scope: ModdleElement, parent: string | undefined, nodes: { node: ModdleElement; parent: string | undefined }[],
  flows: ModdleElement[], findings: Finding[],
): void {
  for (const element of many(scope, 'flowElements')) {
    const kind = localType(element)
    if (kind === 'sequenceFlow') flows.push(element)
    else if (isElementKind(kind)) {
      nodes.push({ node: element, parent })
      if (isSubProcess(kind)) collect(element, element.id, nodes, flows, findings)
    } else if (!/^data(Object|ObjectReference|StoreReference)$/.test(kind)) {
      findings.push(finding('unsupportedElement', element.id,
        `${called({ id: element.id ?? kind, name: nameOf(element) })} is a ${kind}, which Tidemark cannot follow.`))
    }
  }
}

function extractElement(node: ModdleElement, parent: string | undefined, lane: string | undefined): Element {
  const kind = localType(node) as Element['kind']
  const trigger = isEventKind(kind) ? extractTrigger(node) : undefined
  const defaultFlow = isActivity(kind) || kind.endsWith('Gateway') ? one(node, 'default')?.id : undefined
  const attachedTo = kind === 'boundaryEvent' ? one(node, 'attachedToRef')?.id : undefined
  const loop = isActivity(kind) ? loopOf(node) : undefined
  const calledElement = kind === 'callActivity' ? text(node, 'calledElement') : undefined
  return {
    id: node.id ?? '', name: nameOf(node), kind,
    ...(parent === undefined ? {} : { parent }),
    incoming: [], outgoing: [],
    ...(trigger === undefined ? {} : { trigger }),
    ...(attachedTo === undefined ? {} : { attachedTo }),
    ...interruptingOf(node, kind),
    ...(isSubProcess(kind) && flag(node, 'triggeredByEvent') ? { triggeredByEvent: true } : {}),
    ...(isActivity(kind) && flag(node, 'isForCompensation') ? { isForCompensation: true } : {}),
    ...(loop === undefined ? {} : { loop }),
    ...(kind === 'adHocSubProcess' ? { adHoc: adHocOf(node) } : {}),
    ...(kind === 'eventBasedGateway' && node.get('eventGatewayType') === 'Parallel' ? { awaitsAll: true } : {}),
    ...(defaultFlow === undefined ? {} : { defaultFlow }),
    ...(calledElement === undefined ? {} : { calledElement }),
    bindings: [],
    ...(lane === undefined ? {} : { lane }),
  }
}

/** Which activity undoes what a compensation boundary event belongs to: an association leads there. */
function handlersOf(scopes: readonly ModdleElement[]): Map<string, string> {
  const handlers = new Map<string, string>()
  for (const scope of scopes) {
    if (!isSubProcess(localType(scope) as Element['kind']) && localType(scope) !== 'process') continue
    for (const artifact of many(scope, 'artifacts')) {
      if (localType(artifact) !== 'association') continue
      const [source, target] = [one(artifact, 'sourceRef'), one(artifact, 'targetRef')]
      for (const [from, to] of [[source, target], [target, source]]) {
        if (from?.id !== undefined && to?.id !== undefined && flag(to, 'isForCompensation')) handlers.set(from.id, to.id)
      }
    }
  }
  return handlers
}

function handlerOf(element: Element, handlers: ReadonlyMap<string, string>): Pick<Element, 'handler'> {
  const handler = element.kind === 'boundaryEvent' && element.trigger?.kind === 'compensation' ? handlers.get(element.id) : undefined
  return handler === undefined ? {} : { handler }
}

function interruptingOf(node: ModdleElement, kind: Element['kind']): Pick<Element, 'interrupting'> {
  if (kind === 'boundaryEvent') return { interrupting: node.get('cancelActivity') !== false }
  const inEventSubProcess = kind === 'startEvent' && node.$parent !== undefined && isSubProcess(localType(node.$parent) as Element['kind'])
    && flag(node.$parent, 'triggeredByEvent')
  return inEventSubProcess ? { interrupting: node.get('isInterrupting') !== false } : {}
}

function adHocOf(node: ModdleElement): Element['adHoc'] {
  const completion = expression(node, 'completionCondition')
  return { ...(node.get('ordering') === 'Sequential' ? { sequential: true } : {}), ...(completion === undefined ? {} : { completion }) }
}

function loopOf(node: ModdleElement): Element['loop'] {
  const loop = one(node, 'loopCharacteristics')
  if (loop === undefined) return undefined
  if (localType(loop) === 'standardLoopCharacteristics') {
    const condition = expression(loop, 'loopCondition')
    const maximum = Number(loop.get('loopMaximum') ?? Number.NaN)
    return {
      kind: 'standard',
      ...(condition === undefined ? {} : { condition }),
      ...(flag(loop, 'testBefore') ? { testBefore: true } : {}),
      ...(Number.isInteger(maximum) && maximum > 0 ? { maximum } : {}),
    }
  }
  const cardinality = expression(loop, 'loopCardinality')
  const completion = expression(loop, 'completionCondition')
  return {
    kind: flag(loop, 'isSequential') ? 'sequential' : 'parallel',
    ...(cardinality === undefined ? {} : { cardinality }),
    ...(completion === undefined ? {} : { completion }),
  }
}

/** FEEL by its `=`, or by the language that the expression or the whole file declares. */
function conditionOf(flow: ModdleElement): Pick<SequenceFlow, 'condition'> {
  const written = expression(flow, 'conditionExpression')
  if (written === undefined) return {}
  const language = text(one(flow, 'conditionExpression'), 'language') ?? languageOf(flow)
  return { condition: { text: written, feel: written.startsWith('=') || (language !== undefined && /feel/i.test(language)) } }
}

function languageOf(element: ModdleElement): string | undefined {
  let at: ModdleElement | undefined = element
  while (at?.$parent !== undefined) at = at.$parent
  return text(at, 'expressionLanguage')
}

/** Name of the innermost lane by element id. */
function lanesOf(process: ModdleElement, nodes: readonly ModdleElement[]): Map<string, string> {
  const lanes = new Map<string, string>()
  const visit = (laneSet: ModdleElement): void => {
    for (const lane of many(laneSet, 'lanes')) {
      for (const node of many(lane, 'flowNodeRef')) if (node.id !== undefined && nameOf(lane) !== '') lanes.set(node.id, nameOf(lane))
      const inner = one(lane, 'childLaneSet')
      if (inner !== undefined) visit(inner)
    }
  }
  for (const scope of [process, ...nodes.filter((node) => isSubProcess(localType(node) as Element['kind']))]) {
    for (const laneSet of many(scope, 'laneSets')) visit(laneSet)
  }
  return lanes
}

function endsOf(flows: readonly SequenceFlow[]): Ends {
  const ends: Ends = { incoming: new Map(), outgoing: new Map() }
  const add = (map: Map<string, string[]>, id: string, flow: string): void => {
    const known = map.get(id)
    if (known === undefined) map.set(id, [flow])
    else known.push(flow)
  }
  for (const flow of flows) {
    add(ends.outgoing, flow.source, flow.id)
    add(ends.incoming, flow.target, flow.id)
  }
  return ends
}
