import type { Finding } from '../model.js'
import { finding } from './finding-codes.js'
import { namespaces } from './namespaces.js'
import { repairIds } from './repair-ids.js'
import { attribute, descend, resolvePrefix } from './xml-tree.js'
import type { XmlAttribute, XmlNode } from './xml-tree.js'

/** Elements that hold an expression: whatever type a vendor gives them, their text is the expression. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  'conditionExpression', 'timeDuration', 'timeDate', 'timeCycle', 'condition', 'completionCondition', 'loopCondition', 'loopCardinality',
  'activationCondition',
])

/**
 * Mends, in place, what real exports get wrong and the BPMN parser would drop with a mere warning: without this a timer with an
 * illegal id silently becomes a plain event. Every mend is a finding; without findings the file can be parsed as it is.
 */
export function repair(root: XmlNode): Finding[] {
  return [...repairIds(root), ...repairTypes(root), ...reportSpacing(root)]
}

function repairTypes(root: XmlNode): Finding[] {
  const findings: Finding[] = []
  for (const node of descend(root)) {
    if (node.uri !== namespaces.bpmn || !EXPRESSIONS.has(node.local)) continue
    const type = node.attributes.find((candidate) => candidate.local === 'type' && candidate.uri === namespaces.xsi)
    if (type === undefined || namesFormalExpression(node, type)) continue
    const written = type.value
    type.value = node.prefix === '' ? 'tFormalExpression' : `${node.prefix}:tFormalExpression`
    findings.push(finding('repairedType', attribute(node, 'id') ?? attribute(node.parent ?? node, 'id'),
      `The type ${written} of a ${node.local} (line ${node.line}) has no BPMN prefix and was read as ${type.value}.`))
  }
  return findings
}

function namesFormalExpression(node: XmlNode, type: XmlAttribute): boolean {
  const [prefix, local] = type.value.includes(':') ? type.value.split(':', 2) : ['', type.value]
  return resolvePrefix(node, prefix ?? '') === namespaces.bpmn && /^t(Formal)?Expression$/.test(local ?? '')
}

function reportSpacing(root: XmlNode): Finding[] {
  const spaced = [...descend(root)].filter((node) => node.spaced)
  const [first] = spaced
  if (first === undefined) return []
  return [finding('repairedSpacing', undefined,
    `${spaced.length} elements have spaces around the = of an attribute (first in line ${first.line}); they were written anew.`)]
}
