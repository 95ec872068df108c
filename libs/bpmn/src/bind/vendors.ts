import type { Element, KeyExpression, Phase } from '../model.js'
import type { Drawing } from '../read/drawing.js'
import { namespaces } from '../read/namespaces.js'
import { isActivity } from '../read/supported.js'
import { attribute, childNodes, descend } from '../read/xml-tree.js'
import type { XmlNode } from '../read/xml-tree.js'
import type { ObserveRule } from './rules.js'

/** Bindings that a file made for an engine implies, and the engine it was made for. */
export interface VendorBindings {
  readonly from: 'zeebe' | 'camunda'
  observe(element: Element, drawing: Drawing): readonly ObserveRule[]
  /** Process that a call activity calls, where the vendor says it in its own place. */
  calledElement(element: Element): string | undefined
  /** List whose items a multi-instance activity goes over. */
  collection(element: Element): string | undefined
}

const CAMUNDA = [namespaces.camunda, namespaces.activiti]

/** The engines that a file carries extensions of, the one whose word counts more first. */
export function vendorsOf(root: XmlNode, nodes: ReadonlyMap<string, XmlNode>): VendorBindings[] {
  const used = new Set<string>()
  for (const node of descend(root)) {
    used.add(node.uri)
    for (const { uri } of node.attributes) used.add(uri)
    for (const uri of Object.values(node.declared)) used.add(uri)
  }
  return [
    ...(used.has(namespaces.zeebe) ? [zeebe(nodes)] : []),
    ...(CAMUNDA.some((uri) => used.has(uri)) ? [camunda(nodes)] : []),
  ]
}

/** Camunda 8: the message's name, its correlation key, and the job type as the name of a task's completion. */
function zeebe(nodes: ReadonlyMap<string, XmlNode>): VendorBindings {
  const extension = (id: string, local: string): XmlNode | undefined => {
    const node = nodes.get(id)
    const holder = node && childNodes(node).find((child) => child.local === 'extensionElements')
    return holder && childNodes(holder).find((child) => child.local === local && child.uri === namespaces.zeebe)
  }
  return {
    from: 'zeebe',
    observe(element, drawing) {
      const job = extension(element.id, 'taskDefinition')
      const jobType = job && attribute(job, 'type')
      const rules: ObserveRule[] = []
      for (const message of drawing.messages.get(element.id) ?? []) {
        const subscription = extension(message.id, 'subscription')
        const key = keyOf(subscription && attribute(subscription, 'correlationKey'))
        rules.push({ event: message.name, phase: phaseOf(element), ...(key === undefined ? {} : { key }) })
      }
      if (jobType && !jobType.startsWith('=')) rules.push({ event: jobType, phase: phaseOf(element) })
      return rules
    },
    calledElement: (element) => {
      const called = extension(element.id, 'calledElement')
      return called && attribute(called, 'processId')
    },
    collection: (element) => {
      const loop = loopOf(nodes.get(element.id))
      const holder = loop && childNodes(loop).find((child) => child.local === 'extensionElements')
      const characteristics = holder && childNodes(holder).find((child) => child.local === 'loopCharacteristics' && child.uri === namespaces.zeebe)
      return characteristics && attribute(characteristics, 'inputCollection')
    },
  }
}

/** Camunda 7 (and Activiti, its ancestor): the message's name and the topic of an external task. */
function camunda(nodes: ReadonlyMap<string, XmlNode>): VendorBindings {
  return {
    from: 'camunda',
    observe(element, drawing) {
      const topic = topicOf(nodes.get(element.id))
      return [...(drawing.messages.get(element.id) ?? []).map(({ name }) => name), topic].filter((event) => event !== undefined && event !== '' && !event.includes('${'))
        .map((event) => ({ event: event as string, phase: phaseOf(element) }))
    },
    calledElement: () => undefined,
    collection: (element) => {
      const loop = loopOf(nodes.get(element.id))
      const name = loop && CAMUNDA.map((uri) => attribute(loop, 'collection', uri)).find((found) => found !== undefined)
      // An expression of the engine that only names a variable is that variable.
      return name?.replace(/^\$\{\s*([A-Za-z_]\w*)\s*\}$/, '$1')
    },
  }
}

function loopOf(node: XmlNode | undefined): XmlNode | undefined {
  return node && childNodes(node).find((child) => child.local === 'multiInstanceLoopCharacteristics')
}

/** External tasks carry the topic themselves, throwing message events in their definition. */
function topicOf(node: XmlNode | undefined): string | undefined {
  if (node === undefined) return undefined
  for (const holder of [node, ...childNodes(node).filter((child) => child.local === 'messageEventDefinition')]) {
    for (const uri of CAMUNDA) {
      const topic = attribute(holder, 'topic', uri)
      if (topic !== undefined) return topic
    }
  }
  return undefined
}

/**
 * Zeebe's expression runs on the variables of an instance, which no event carries: `=orderId` is read as `data.orderId`. Where that
 * leads nowhere the key of the process is taken (correlate.ts). Anything but a plain path is left to the process's key at once.
 */
function keyOf(correlationKey: string | undefined): KeyExpression | undefined {
  const path = /^=\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*$/.exec(correlationKey ?? '')?.[1]
  return path === undefined ? undefined : { name: path.slice(path.lastIndexOf('.') + 1), value: `data.${path}` }
}

/** An activity is known by its end, an event by its occurrence. */
export function phaseOf(element: Element): Phase {
  return isActivity(element.kind) ? 'end' : 'occur'
}

