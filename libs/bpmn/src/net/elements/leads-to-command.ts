import type { Element } from '../../model.js'
import type { NetBuilder } from '../builder.js'

/** Whether a managed element follows before anything is seen. */
export function leadsToCommand(net: NetBuilder, from: Element): boolean {
  const seen = new Set<string>()
  const open = [...from.outgoing]
  for (let flow = open.pop(); flow !== undefined; flow = open.pop()) {
    const target = net.targetOf(flow)
    if (target === undefined || seen.has(target.id)) continue
    seen.add(target.id)
    if (target.command !== undefined) return true
    if (target.bindings.length === 0) open.push(...target.outgoing)
  }
  return false
}
