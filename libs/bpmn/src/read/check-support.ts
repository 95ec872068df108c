import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'
import { isActivity, isEventKind, supportedElements, supportedModifiers, supportedTriggers } from './supported.js'
import type { Support } from './supported.js'

/** Names every element that cannot be followed, by the tables of supported.ts, so that nothing is left out silently. */
export function checkSupport(graph: Graph): Finding[] {
  return graph.process.elements.flatMap((element) => {
    const findings = reasons(element, graph).map(([what, support]) => finding('unsupportedElement', element.id,
      `${called(element)} is ${what}. ${support}`))
    if (element.kind === 'complexGateway') {
      findings.push(finding('complexRule', element.id, `The rule of the complex gateway ${called(element)} is not evaluated; when it goes on, and where to, is learned from the events that follow.`))
    }
    if (element.kind === 'callActivity') {
      const callee = element.calledElement === undefined ? 'another process' : `the process ${element.calledElement}`
      findings.push(finding('opaqueCall', element.id, `${called(element)} calls ${callee}: while that is not deployed too, it is followed as one task${element.bindings.length === 0 ? ', which is passed at once' : ''}.`))
    }
    return findings
  })
}

function reasons(element: Element, graph: Graph): [what: string, support: string][] {
  const asked: [string, Support][] = [[withArticle(inWords(element.kind)), supportedElements[element.kind]]]
  if (isEventKind(element.kind) && element.trigger !== undefined) {
    const { kind } = element.trigger
    asked.push([withArticle(`${inWords(kind)} ${inWords(element.kind)}`), supportedTriggers[element.kind][kind]])
  }
  if (element.loop !== undefined) {
    const what = element.loop.kind === 'standard' ? 'repeated by a loop marker' : `a ${element.loop.kind} multi-instance activity`
    asked.push([what, supportedModifiers[element.loop.kind]])
  }
  if (element.triggeredByEvent === true) asked.push(['an event sub-process', supportedModifiers.eventSubProcess])
  if (element.isForCompensation === true) asked.push(['a compensation handler', supportedModifiers.compensationHandler])
  if (hasConditionalFlows(element, graph)) asked.push(['left by conditional flows', supportedModifiers.conditionalFlow])
  return asked.filter((entry): entry is [string, string] => entry[1] !== true)
}

/** `eventBasedGateway` -> `event based gateway`. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function withArticle(words: string): string {
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`
}

/** A condition at the only way out of an activity decides nothing between ways; it is told as unknown (check-choices.ts). */
function hasConditionalFlows(element: Element, graph: Graph): boolean {
  if (element.outgoing.length < 2 || !(isActivity(element.kind) || isEventKind(element.kind))) return false
  return element.outgoing.some((id) => graph.flow.get(id)?.condition !== undefined)
}
