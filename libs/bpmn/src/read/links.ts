import type { Element, Finding, SequenceFlow } from '../model.js'
import { called, finding } from './finding-codes.js'

/**
 * A link is a flow that was not drawn: each throwing event gets one to the catching event of its name in the same scope. Both
 * events stay, so that a token can be shown passing them.
 */
export function joinLinks(elements: readonly Element[], flows: readonly SequenceFlow[]): { flows: SequenceFlow[]; findings: Finding[] } {
  const findings: Finding[] = []
  const joined = [...flows]
  for (const source of elements) {
    if (source.kind !== 'intermediateThrowEvent' || source.trigger?.kind !== 'link') continue
    const name = source.trigger.name
    const target = elements.find((element) => element.kind === 'intermediateCatchEvent' && element.trigger?.kind === 'link'
      && element.trigger.name === name && element.parent === source.parent)
    if (target === undefined) {
      findings.push(finding('linkWithoutPartner', source.id,
        `The link ${called(source)} leads nowhere: draw a catching link event named "${name ?? ''}" in the same process level.`))
    } else {
      joined.push({ id: `${source.id}->${target.id}`, name: '', source: source.id, target: target.id })
    }
  }
  return { flows: joined, findings }
}
