/// <reference path="./bpmn-moddle.d.ts" />
import { BpmnModdle } from 'bpmn-moddle'
import type { Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { ModdleElement } from './moddle-element.js'
import { diagramNamespaces, namespaces } from './namespaces.js'
import { isElementKind } from './supported.js'
import { attribute, descend, resolvePrefix } from './xml-tree.js'
import type { XmlNode } from './xml-tree.js'

/** References without which a process is not what was drawn. */
const VITAL_REFERENCES: ReadonlySet<string> = new Set(['sourceRef', 'targetRef', 'attachedToRef', 'processRef', 'default'])

/** The parser quotes what it could not read, which may be the whole file. */
const MAX_QUOTE = 300

type Warning = Awaited<ReturnType<BpmnModdle['fromXML']>>['warnings'][number]

/**
 * The BPMN elements of a file. Vendor descriptors are left out on purpose: loaded together they destroy each other's processes;
 * extensions are read from the XML tree instead (bind/). Every warning of the parser becomes a finding, by what it costs.
 */
export async function parse(xml: string, root: XmlNode): Promise<{ definitions?: ModdleElement; findings: Finding[] }> {
  try {
    const { rootElement, elementsById, warnings } = await new BpmnModdle().fromXML(xml)
    const findings = warnings.map((warning) => fromWarning(warning, root))
    return { definitions: rootElement as ModdleElement, findings: [...findings, ...lost(root, elementsById)] }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { findings: [finding('notBpmn', undefined, `The file cannot be read as BPMN 2.0: ${reason}.`)] }
  }
}

function fromWarning(warning: Warning, root: XmlNode): Finding {
  const message = shortened(warning.message)
  const unparsable = /^unparsable content <([^> ]*)/.exec(message)
  if (unparsable) return fromUnparsable(unparsable[1] ?? '', message, root)
  if (!message.startsWith('unresolved reference')) {
    return finding('foreignContent', idOf(warning.element), `Something was ignored: ${message}.`)
  }
  const element = warning.element as ModdleElement | undefined
  const property = warning.property?.replace(/^.*:/, '') ?? ''
  const where = element?.id ? called({ id: element.id, name: element.name ?? '' }) : (element?.$type ?? 'an element')
  if (!element?.$type.startsWith('bpmn:')) {
    return finding('diagramProblem', undefined, `The drawing shows ${String(warning.value)}, which is not in the file.`)
  }
  const code = VITAL_REFERENCES.has(property) ? 'unresolvedReference' : 'unresolvedSideReference'
  return finding(code, element.id, `${property} of ${where} names ${String(warning.value)}, which is not in the file.`)
}

function shortened(message: string): string {
  const text = message.replace(/\s+/g, ' ')
  return text.length <= 2 * MAX_QUOTE ? text : `${text.slice(0, MAX_QUOTE)} ... ${text.slice(-MAX_QUOTE)}`
}

function fromUnparsable(name: string, message: string, root: XmlNode): Finding {
  const prefix = name.includes(':') ? name.slice(0, name.indexOf(':')) : ''
  const line = Number(/line: (\d+)/.exec(message)?.[1] ?? 0) + 1
  const reason = /nested error: (.*)$/.exec(message)?.[1] ?? message
  const uri = resolvePrefix(root, prefix)
  const text = `<${name}> near line ${line} could not be read (${reason}).`
  if (uri !== undefined && diagramNamespaces.has(uri)) return finding('diagramProblem', undefined, text)
  if (uri === namespaces.bpmn) return finding('unreadableElement', undefined, text)
  return finding('foreignContent', undefined, text)
}

/** The second look: whatever carries tokens in the file must have come through the parser, or it is named. */
function lost(root: XmlNode, elementsById: Readonly<Record<string, unknown>>): Finding[] {
  const findings: Finding[] = []
  for (const node of descend(root)) {
    if (node.uri !== namespaces.bpmn) continue
    if (!isElementKind(node.local) && !/^(process|sequenceFlow|participant|\w+EventDefinition)$/.test(node.local)) continue
    const id = attribute(node, 'id')
    if (id === undefined || elementsById[id] !== undefined) continue
    findings.push(finding('lostElement', id, `The ${node.local} ${called({ id, name: attribute(node, 'name') ?? '' })} was not read.`))
  }
  return findings
}

function idOf(element: unknown): string | undefined {
  return (element as ModdleElement | undefined)?.id
}
