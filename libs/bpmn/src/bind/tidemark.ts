import type { CommandDefinition, CommandMode, Finding, Phase, SlaDefinition, TimerDefinition, UnexpectedEvent } from '../model.js'
import { finding } from '../read/finding-codes.js'
import { namespaces } from '../read/namespaces.js'
import { attribute, childNodes, textOf } from '../read/xml-tree.js'
import type { XmlNode } from '../read/xml-tree.js'
import { keyNamed } from './rules.js'
import type { ElementRules, ObserveRule, ProcessRules } from './rules.js'

const PHASES: readonly Phase[] = ['start', 'end', 'occur']
const MODES: readonly CommandMode[] = ['observe', 'suggest', 'manage']
const SEVERITIES: readonly SlaDefinition['severity'][] = ['info', 'warning', 'critical']
const TIMER_MODES: readonly TimerDefinition['mode'][] = ['self', 'watch']

/** `tm:observe`, `tm:command`, `tm:sla`, `tm:timer`, `tm:item` and the `tm:` attributes of a flow node. */
export function tidemarkElementRules(node: XmlNode): { rules: ElementRules; findings: Finding[] } {
  const findings: Finding[] = []
  const id = attribute(node, 'id')
  const observe = extensions(node, 'observe').flatMap((extension): ObserveRule[] => (
    eventsOf(extension, id, findings).map((event) => ({ ...event, ...optional('phase', choice(extension, 'phase', PHASES, findings)) }))
  ))
  const [command] = extensions(node, 'command')
  const [sla] = extensions(node, 'sla')
  const [timer] = extensions(node, 'timer')
  const [item] = extensions(node, 'item')
  if (item !== undefined && !attribute(item, 'key')) {
    findings.push(finding('badBinding', id, `The tm:item of ${id ?? 'an element'} has no key: say where an event names its item, such as key="data.parcelId".`))
  }
  return {
    findings,
    rules: {
      ...(extensions(node, 'observe').length === 0 ? {} : { observe }),
      ...(command === undefined ? {} : { command: commandOf(command) }),
      ...optional('managed', flag(node, 'managed', findings)),
      ...optional('sla', sla && slaOf(sla, findings)),
      ...optional('stuckAfter', own(node, 'stuckAfter')),
      ...optional('unwanted', flag(node, 'unwanted', findings)),
      ...optional('itemKey', item && (attribute(item, 'key') || undefined)),
      ...optional('timer', timer && choice(timer, 'mode', TIMER_MODES, findings)),
    },
  }
}

/** `tm:key`, `tm:sla`, `tm:unexpected`, `tm:accept` and the `tm:` attributes of a process. */
export function tidemarkProcessRules(node: XmlNode): { rules: ProcessRules; findings: Finding[] } {
  const findings: Finding[] = []
  const keys = extensions(node, 'key').map((key) => keyNamed(attribute(key, 'value') ?? '', attribute(key, 'name')))
  const unexpected = extensions(node, 'unexpected').flatMap((extension) => eventsOf(extension, attribute(node, 'id'), findings))
  const accepted = extensions(node, 'accept').map((accept) => (
    { kind: attribute(accept, 'kind') ?? '', ...optional('element', attribute(accept, 'element')) }
  ))
  const [sla] = extensions(node, 'sla')
  return {
    findings,
    rules: {
      ...(keys.length === 0 ? {} : { keys }),
      ...(unexpected.length === 0 ? {} : { unexpected }),
      ...(accepted.length === 0 ? {} : { accepted }),
      ...optional('sla', sla && slaOf(sla, findings)),
      ...optional('mode', ownChoice(node, 'mode', MODES, findings)),
      ...optional('tolerance', own(node, 'tolerance')),
      ...optional('grace', own(node, 'grace')),
      ...optional('maxGrace', own(node, 'maxGrace')),
      ...optional('stuckAfter', own(node, 'stuckAfter')),
      ...optional('completion', own(node, 'completion')),
      ...optional('zone', own(node, 'zone')),
      ...optional('effectsMaxAge', own(node, 'effectsMaxAge')),
    },
  }
}

/** The event that `tm:observe` or `tm:unexpected` names; none, with a finding, where it names none. */
function eventsOf(extension: XmlNode, id: string | undefined, findings: Finding[]): UnexpectedEvent[] {
  const event = attribute(extension, 'event')
  if (event === undefined || event === '') {
    findings.push(finding('badBinding', id, `A tm:${extension.local} of ${id ?? 'the process'} has no event: say which event type it means.`))
    return []
  }
  const key = attribute(extension, 'key')
  return [{
    event,
    ...optional('source', attribute(extension, 'source')),
    ...optional('filter', attribute(extension, 'filter')),
    ...(key === undefined ? {} : { key: keyNamed(key, attribute(extension, 'keyName')) }),
  }]
}

function commandOf(node: XmlNode): Partial<CommandDefinition> {
  const body = textOf(node).trim()
  return {
    ...optional('type', attribute(node, 'type')),
    ...optional('target', attribute(node, 'target')),
    ...optional('data', attribute(node, 'data') ?? (body === '' ? undefined : body)),
  }
}

function slaOf(node: XmlNode, findings: Finding[]): SlaDefinition {
  return {
    duration: attribute(node, 'duration') ?? '',
    severity: choice(node, 'severity', SEVERITIES, findings) ?? 'warning',
    ...optional('name', attribute(node, 'name')),
  }
}

function extensions(node: XmlNode, local: string): XmlNode[] {
  return childNodes(node)
    .filter((child) => child.local === 'extensionElements' && child.uri === namespaces.bpmn)
    .flatMap(childNodes)
    .filter((child) => child.local === local && child.uri === namespaces.tidemark)
}

function own(node: XmlNode, local: string): string | undefined {
  return attribute(node, local, namespaces.tidemark)
}

function flag(node: XmlNode, local: string, findings: Finding[]): boolean | undefined {
  const value = ownChoice(node, local, ['true', 'false'], findings)
  return value === undefined ? undefined : value === 'true'
}

function ownChoice<T extends string>(node: XmlNode, local: string, allowed: readonly T[], findings: Finding[]): T | undefined {
  return oneOf(node, `tm:${local}`, own(node, local), allowed, findings)
}

function choice<T extends string>(node: XmlNode, local: string, allowed: readonly T[], findings: Finding[]): T | undefined {
  return oneOf(node, `${local} of tm:${node.local}`, attribute(node, local), allowed, findings)
}

function oneOf<T extends string>(
  node: XmlNode, what: string, value: string | undefined, allowed: readonly T[], findings: Finding[],
): T | undefined {
  if (value === undefined) return undefined
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) {
    const id = attribute(node, 'id') ?? attribute(node.parent?.parent ?? node, 'id')
    findings.push(finding('badSetting', id, `${what} is "${value}" at ${id ?? 'the process'}: it must be ${allowed.join(', ')}.`))
  }
  return found
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [key in K]?: V }
}
