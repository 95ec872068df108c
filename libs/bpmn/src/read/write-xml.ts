import type { XmlNode } from './xml-tree.js'

/** The tree as text again, without comments: what a less strict parser needs after a repair. */
export function writeXml(root: XmlNode): string {
  const parts: string[] = ['<?xml version="1.0" encoding="UTF-8"?>\n']
  write(root, parts)
  return parts.join('')
}

function write(node: XmlNode, parts: string[]): void {
  parts.push('<', node.name)
  for (const { name, value } of node.attributes) parts.push(' ', name, '="', escapeAttribute(value), '"')
  if (node.children.length === 0) {
    parts.push('/>')
    return
  }
  parts.push('>')
  for (const child of node.children) {
    if (typeof child === 'string') parts.push(escapeText(child))
    else write(child, parts)
  }
  parts.push('</', node.name, '>')
}

function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#13;')
}

function escapeAttribute(text: string): string {
  return escapeText(text).replace(/"/g, '&quot;').replace(/[\t\n]/g, (space) => `&#${space.charCodeAt(0)};`)
}
