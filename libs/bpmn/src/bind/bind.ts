import type { Binding, Element, Finding, KeyExpression, ProcessModel, Trigger } from '../model.js'
import type { Drawing } from '../read/drawing.js'
import { called, finding } from '../read/finding-codes.js'
import { namespaces } from '../read/namespaces.js'
import { attribute, descend } from '../read/xml-tree.js'
import type { XmlNode } from '../read/xml-tree.js'
import { byName } from './by-name.js'
import type { Mapping } from './mapping.js'
import type { ElementRules, ObserveRule, ProcessRules } from './rules.js'
import { tidemarkElementRules, tidemarkProcessRules } from './tidemark.js'
import { phaseOf, vendorsOf } from './vendors.js'
import type { VendorBindings } from './vendors.js'

/** Read from correlationid, partitionkey or subject: what emitters that know nothing of us fill in (correlate.ts). */
export const defaultKey: KeyExpression = { name: 'key', value: '' }

const DEFAULTS = {
  mode: 'observe', tolerance: 'PT2S', grace: 'PT30S', maxGrace: 'PT10M', zone: 'UTC', effectsMaxAge: 'P1D', unexpected: [], accepted: [],
} as const satisfies Partial<ProcessModel>

/**
 * Adds to drawn processes what their events are. Precedence, each replacing the weaker: side mapping, `tm:` in the model, Zeebe,
 * Camunda 7, names (tracking.md 8).
 */
export function bindProcess(
  drawings: readonly Drawing[], root: XmlNode, mapping: Mapping | undefined,
): { processes: ProcessModel[]; findings: Finding[] } {
  const nodes = nodesById(root)
  const vendors = vendorsOf(root, nodes)
  const findings = mapping === undefined ? [] : strangers(mapping, drawings)
  const processes = drawings.map((drawing) => {
    const isMapped = mapping !== undefined && (mapping.process === undefined || mapping.process === drawing.id)
    const bound = bindOne(drawing, nodes, vendors, isMapped ? mapping : undefined)
    findings.push(...bound.findings)
    return bound.process
  })
  return { processes, findings }
}

function bindOne(
  drawing: Drawing, nodes: ReadonlyMap<string, XmlNode>, vendors: readonly VendorBindings[], mapping: Mapping | undefined,
): { process: ProcessModel; findings: Finding[] } {
  const findings: Finding[] = []
  const node = nodes.get(drawing.id)
  const inModel = node === undefined ? { rules: {}, findings: [] } : tidemarkProcessRules(node)
  findings.push(...inModel.findings)
  const rules: ProcessRules = { ...inModel.rules, ...mapping?.rules }
  const elements = drawing.elements.map((element) => {
    const bound = bindElement(element, drawing, nodes.get(element.id), vendors, rulesFor(element, mapping))
    findings.push(...bound.findings)
    return bound.element
  })
  const { keys, unexpected, accepted, ...settings } = rules
  const { id, name, documentation, flows } = drawing
  return {
    findings,
    process: {
      id, name, ...(documentation === undefined ? {} : { documentation }), elements, flows,
      ...DEFAULTS, ...settings,
      keys: keys === undefined || keys.length === 0 ? [defaultKey] : keys,
      unexpected: unexpected ?? [],
      accepted: accepted ?? [],
    },
  }
}

function bindElement(
  element: Element, drawing: Drawing, node: XmlNode | undefined, vendors: readonly VendorBindings[], mapped: ElementRules,
): { element: Element; findings: Finding[] } {
  const inModel = node === undefined ? { rules: {}, findings: [] } : tidemarkElementRules(node)
  const findings = [...inModel.findings]
  const rules: ElementRules = { ...inModel.rules, ...mapped }
  const command = commandOf(element, rules, findings)
  const bindings = bindingsOf(element, drawing, vendors, inModel.rules, mapped, command !== undefined)
  const trigger = withTimerMode(element.trigger, rules, bindings)
  const calledElement = element.calledElement ?? vendors.map((vendor) => vendor.calledElement(element)).find((id) => id !== undefined)
  const collection = element.loop === undefined ? undefined : vendors.map((vendor) => vendor.collection(element)).find((text) => text !== undefined)
  return {
    findings,
    element: {
      ...element, bindings,
      ...(element.loop === undefined || collection === undefined ? {} : { loop: { ...element.loop, collection } }),
      ...(trigger === undefined ? {} : { trigger }),
      ...(calledElement === undefined ? {} : { calledElement }),
      ...(command === undefined ? {} : { command }),
      ...(rules.sla === undefined ? {} : { sla: rules.sla }),
      ...(rules.stuckAfter === undefined ? {} : { stuckAfter: rules.stuckAfter }),
      ...(rules.itemKey === undefined ? {} : { itemKey: rules.itemKey }),
      ...(rules.unwanted === undefined ? {} : { unwanted: rules.unwanted }),
    },
  }
}

/** A managed element is not bound by name: our own command, read back, is no evidence (edges.md 11). An echo may be bound explicitly. */
function bindingsOf(
  element: Element, drawing: Drawing, vendors: readonly VendorBindings[], inModel: ElementRules, mapped: ElementRules, isManaged: boolean,
): Binding[] {
  if (mapped.observe !== undefined) return toBindings(element, mapped.observe, 'mapping')
  if (inModel.observe !== undefined) return toBindings(element, inModel.observe, 'tidemark')
  if (isManaged) return []
  for (const vendor of vendors) {
    const rules = vendor.observe(element, drawing)
    if (rules.length > 0) return toBindings(element, rules, vendor.from)
  }
  return toBindings(element, byName(element, drawing), 'name')
}

function toBindings(element: Element, rules: readonly ObserveRule[], from: Binding['from']): Binding[] {
  const seen = new Set<string>()
  return rules.flatMap((rule) => {
    const binding: Binding = { ...rule, phase: rule.phase ?? phaseOf(element), from }
    const identity = JSON.stringify([binding.event, binding.source, binding.phase, binding.filter, binding.key])
    if (seen.has(identity)) return []
    seen.add(identity)
    return [binding]
  })
}

function commandOf(element: Element, rules: ElementRules, findings: Finding[]): Element['command'] {
  if (rules.managed === false || (rules.command === undefined && rules.managed !== true)) return undefined
  const type = rules.command?.type
  if (!type) {
    findings.push(finding('commandWithoutType', element.id,
      `${called(element)} is managed, but its command has no type: add tm:command with a type, such as order.cancel.`))
    return undefined
  }
  return { ...rules.command, type }
}

/** Bound, a timer is watched: another system acts, and its event is expected by then. Among several triggers it is the others that are bound. */
function withTimerMode(trigger: Trigger | undefined, rules: ElementRules, bindings: readonly Binding[]): Trigger | undefined {
  if (trigger?.timer === undefined) return trigger
  return { ...trigger, timer: { ...trigger.timer, mode: rules.timer ?? (trigger.kind === 'timer' && bindings.length > 0 ? 'watch' : 'self') } }
}

function rulesFor(element: Element, mapping: Mapping | undefined): ElementRules {
  return mapping?.elements[element.id] ?? (element.name === '' ? undefined : mapping?.elements[element.name]) ?? {}
}

/** What a mapping names that the file does not have, with the nearest thing it may have meant. */
function strangers(mapping: Mapping, drawings: readonly Drawing[]): Finding[] {
  const meant = drawings.filter((drawing) => mapping.process === undefined || drawing.id === mapping.process)
  if (meant.length === 0) {
    const there = drawings.map((drawing) => drawing.id).join(', ') || 'none'
    return [finding('unknownMappingElement', undefined,
      `The mapping is for the process ${mapping.process ?? ''}, but the file has ${there}.`)]
  }
  const known = new Set(meant.flatMap((drawing) => drawing.elements.flatMap((element) => [element.id, element.name])))
  return Object.keys(mapping.elements).filter((name) => !known.has(name)).map((name) => finding('unknownMappingElement', undefined,
    `The mapping names "${name}", which is neither the id nor the name of an element: ${hint(name, known)}`))
}

function hint(name: string, known: ReadonlySet<string>): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const near = [...known].find((candidate) => candidate !== '' && plain(candidate) === plain(name))
  return near === undefined ? 'names are taken as drawn, white space as one blank.' : `did you mean "${near}"?`
}

function nodesById(root: XmlNode): Map<string, XmlNode> {
  const nodes = new Map<string, XmlNode>()
  for (const node of descend(root)) {
    const id = node.uri === namespaces.bpmn ? attribute(node, 'id') : undefined
    if (id !== undefined) nodes.set(id, node)
  }
  return nodes
}
