import { SaxesParser } from 'saxes'
import type { Finding } from '../model.js'
import { finding } from './finding-codes.js'
import type { ReadLimits } from './limits.js'
import { namespaces } from './namespaces.js'

export interface XmlAttribute {
  /** As written, with its prefix. */
  readonly name: string
  readonly local: string
  /** '' where the attribute has no prefix. */
  readonly uri: string
  value: string
}

/** An element of the file. Repairs write to it, so it is not readonly. */
export interface XmlNode {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly line: number
  readonly attributes: XmlAttribute[]
  /** Elements and text, in document order; comments and processing instructions are dropped. */
  readonly children: (XmlNode | string)[]
  readonly parent: XmlNode | undefined
  /** Namespace declarations of this element, by prefix. */
  readonly declared: Readonly<Record<string, string>>
  /** The tag has white space round an `=`, which the BPMN parser does not understand. */
  readonly spaced: boolean
}

class Refused extends Error {
  constructor(readonly finding: Finding) {
    super(finding.message)
  }
}

const LONE_SURROGATE = /[\uD800-\uDFFF]/u

/** Reads well-formed XML into a tree, or says with line and column why it is not; refuses DOCTYPE and what exceeds the limits. */
export function readXml(text: string, limits: ReadLimits): { root: XmlNode } | { finding: Finding } {
  try {
    if (LONE_SURROGATE.test(text)) throw new Refused(notXml('it contains half of a surrogate pair'))
    return { root: parse(text, limits) }
  } catch (error) {
    if (error instanceof Refused) return { finding: error.finding }
    return { finding: notXml(error instanceof Error ? error.message : String(error)) }
  }
}

function parse(text: string, limits: ReadLimits): XmlNode {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const open: XmlNode[] = []
  let root: XmlNode | undefined
  let elements = 0
  const refuse = (problem: Finding): never => {
    throw new Refused(problem)
  }
  parser.on('error', (error) => refuse(notXml(error.message)))
  parser.on('doctype', () => refuse(finding('doctypeRefused', undefined,
    `The file has a DOCTYPE (line ${parser.line}): remove it, BPMN needs none.`)))
  parser.on('opentag', (tag) => {
    const node: XmlNode = {
      name: tag.name, prefix: tag.prefix, local: tag.local, uri: tag.uri, line: parser.line,
      attributes: Object.values(tag.attributes).map(({ name, local, uri, prefix, value }) => (
        { name, local, uri: prefix === '' ? '' : uri, value }
      )),
      children: [], parent: open.at(-1), declared: tag.ns, spaced: isSpaced(text, parser.position),
    }
    if (open.length >= limits.maxDepth) {
      refuse(finding('tooDeep', undefined, `The file nests more than ${limits.maxDepth} elements (line ${node.line}).`))
    }
    if (node.uri === namespaces.bpmn && attribute(node, 'id') !== undefined && ++elements > limits.maxElements) {
      refuse(finding('tooManyElements', undefined,
        `The file has more than ${limits.maxElements} BPMN elements: split it into several processes.`))
    }
    open.at(-1)?.children.push(node)
    root ??= node
    open.push(node)
  })
  parser.on('closetag', () => {
    open.pop()
  })
  const keepText = (part: string): void => {
    open.at(-1)?.children.push(part)
  }
  parser.on('text', keepText)
  parser.on('cdata', keepText)
  parser.write(text).close()
  return root ?? refuse(notXml('it has no element'))
}

/** '<' cannot stand inside a tag, so the last one before its end is its start. */
function isSpaced(text: string, end: number): boolean {
  const tag = text.slice(text.lastIndexOf('<', end - 1), end)
  return /\s=|=\s/.test(tag) && /\s=|=\s/.test(tag.replace(/"[^"]*"|'[^']*'/g, '""'))
}

function notXml(problem: string): Finding {
  return finding('notXml', undefined, `The file is not well-formed XML: ${problem.replace(/\.$/, '')}. Export it again.`)
}

/** Value of an attribute; without `uri` of one that has no prefix. */
export function attribute(node: XmlNode, local: string, uri = ''): string | undefined {
  return node.attributes.find((candidate) => candidate.local === local && candidate.uri === uri)?.value
}

export function childNodes(node: XmlNode): XmlNode[] {
  return node.children.filter((child): child is XmlNode => typeof child !== 'string')
}

export function textOf(node: XmlNode): string {
  return node.children.filter((child): child is string => typeof child === 'string').join('')
}

/** The node and all below it, in document order. */
export function* descend(node: XmlNode): Generator<XmlNode> {
  yield node
  for (const child of node.children) if (typeof child !== 'string') yield* descend(child)
}

/** Namespace that a prefix stands for at this node; '' is the default namespace. */
export function resolvePrefix(node: XmlNode | undefined, prefix: string): string | undefined {
  for (let at = node; at !== undefined; at = at.parent) {
    const uri = Object.hasOwn(at.declared, prefix) ? at.declared[prefix] : undefined
    if (uri !== undefined) return uri
  }
  return undefined
}
