import type { Finding } from '../model.js'
import { finding } from './finding-codes.js'
import { namespaces } from './namespaces.js'
import { isElementKind } from './supported.js'
import { attribute, descend } from './xml-tree.js'
import type { XmlAttribute, XmlNode } from './xml-tree.js'

/** What bpmn-moddle takes for an id: narrower than XML, which allows letters of any script. */
const LEGAL_ID = /^([a-z][\w-.]*:)?[a-z_][\w-.]*$/i

/** Attributes that name another element by its id, beside those that end in `Ref`. */
const REFERENCE_ATTRIBUTES: ReadonlySet<string> = new Set(['default', 'bpmnElement', 'sourceElement', 'targetElement', 'calledElement'])
/** Elements whose text names another element, beside those that end in `Ref` or `Refs`. */
const REFERENCE_ELEMENTS: ReadonlySet<string> = new Set(['incoming', 'outgoing', 'source', 'target', 'supports'])

type Role = 'process' | 'node' | 'flow' | 'other'

interface Reference {
  readonly node: XmlNode
  readonly role: Role
  readonly id: string
  write(id: string): void
}

/** Gives ids to processes, flow nodes and flows without one, legal ids to all, and different ones to different elements. */
export function repairIds(root: XmlNode): Finding[] {
  const findings: Finding[] = []
  const holders = new Map<string, XmlNode>()
  const references = referencesById(root)
  const ids = new FreeIds(root)

  for (const node of descend(root)) {
    const id = idAttribute(node)
    if (id === undefined) {
      if (node.uri !== namespaces.bpmn || roleOf(node) === 'other') continue
      const value = ids.free(node.local)
      node.attributes.push({ name: 'id', local: 'id', uri: '', value })
      holders.set(value, node)
      findings.push(finding('repairedId', value, `A ${node.local} (line ${node.line}) has no id and got ${value}.`))
      continue
    }
    const old = id.value
    const first = holders.get(old)
    if (first !== undefined) {
      id.value = ids.free(legalId(old))
      for (const reference of references.get(old) ?? []) if (means(reference, node, first)) reference.write(id.value)
      findings.push(finding('repairedDuplicateId', id.value,
        `The id ${old} is used twice; the ${node.local} in line ${node.line} got ${id.value}.`))
    } else if (!LEGAL_ID.test(old)) {
      id.value = ids.free(legalId(old))
      for (const reference of references.get(old) ?? []) reference.write(id.value)
      findings.push(finding('repairedId', id.value, `The id "${old}" (line ${node.line}) is not legal and became ${id.value}.`))
    }
    holders.set(first === undefined ? old : id.value, node)
  }
  return [...findings, ...repairPrefixedReferences(references, holders)]
}

/** `tns:Process_1` where only `Process_1` exists: QNames that some tools write and the parser does not resolve. */
function repairPrefixedReferences(references: ReadonlyMap<string, Reference[]>, holders: ReadonlyMap<string, XmlNode>): Finding[] {
  const findings: Finding[] = []
  for (const [id, uses] of references) {
    const local = id.slice(id.indexOf(':') + 1)
    if (local === id || holders.has(id) || !holders.has(local)) continue
    const target = attribute(holders.get(local) as XmlNode, 'id') ?? local
    for (const use of uses) use.write(target)
    findings.push(finding('repairedReference', target, `A reference to ${id} was read as ${target}.`))
  }
  return findings
}

/** Only BPMN and its diagram have ids that must be unique; what is inside extensions is the vendor's. */
function idAttribute(node: XmlNode): XmlAttribute | undefined {
  if (!node.uri.startsWith('http://www.omg.org/spec/')) return undefined
  return node.attributes.find((candidate) => candidate.local === 'id' && candidate.uri === '')
}

function legalId(id: string): string {
  const legal = id.trim().replace(/[^\w.-]+/g, '_')
  return /^[a-z_]/i.test(legal) ? legal : `_${legal}`
}

/** Ids that nothing in the file has yet: the wanted one, else with the next number behind it. */
class FreeIds {
  private readonly taken = new Set<string>()
  private readonly last = new Map<string, number>()

  constructor(root: XmlNode) {
    for (const node of descend(root)) this.taken.add(attribute(node, 'id') ?? '')
  }

  free(wanted: string): string {
    let number = this.last.get(wanted) ?? 1
    let id = number === 1 ? wanted : `${wanted}_${number}`
    while (this.taken.has(id)) id = `${wanted}_${++number}`
    this.last.set(wanted, number)
    this.taken.add(id)
    return id
  }
}

function roleOf(node: XmlNode): Role {
  if (node.local === 'process') return 'process'
  if (node.local === 'sequenceFlow') return 'flow'
  return isElementKind(node.local) ? 'node' : 'other'
}

function roleWanted(name: string): Role {
  if (name === 'processRef') return 'process'
  if (name === 'incoming' || name === 'outgoing' || name === 'default') return 'flow'
  return /^(sourceRef|targetRef|attachedToRef|flowNodeRef)$/.test(name) ? 'node' : 'other'
}

/** Of two elements with one id, a reference means the one of the kind it wants, else the one in its own process, else the first. */
function means(reference: Reference, later: XmlNode, first: XmlNode): boolean {
  const fitsLater = reference.role === roleOf(later)
  const fitsFirst = reference.role === roleOf(first)
  if (fitsLater !== fitsFirst) return fitsLater
  const own = processOf(reference.node)
  return own !== undefined && own === processOf(later) && own !== processOf(first)
}

function processOf(node: XmlNode): XmlNode | undefined {
  let at: XmlNode | undefined = node
  while (at !== undefined && at.local !== 'process') at = at.parent
  return at
}

function referencesById(root: XmlNode): Map<string, Reference[]> {
  const references = new Map<string, Reference[]>()
  const add = (reference: Reference): void => {
    const known = references.get(reference.id)
    if (known === undefined) references.set(reference.id, [reference])
    else known.push(reference)
  }
  for (const node of descend(root)) {
    for (const found of node.attributes) {
      if (found.uri !== '' || !(found.local.endsWith('Ref') || REFERENCE_ATTRIBUTES.has(found.local))) continue
      add({ node, role: roleWanted(found.local), id: found.value, write: (id) => { found.value = id } })
    }
    const [only] = node.children
    if (node.children.length !== 1 || typeof only !== 'string') continue
    if (node.uri !== namespaces.bpmn || !(/Refs?$/.test(node.local) || REFERENCE_ELEMENTS.has(node.local))) continue
    add({ node, role: roleWanted(node.local), id: only.trim(), write: (id) => { node.children[0] = id } })
  }
  return references
}
