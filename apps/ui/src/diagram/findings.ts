import type { Finding } from '@tidemark/api'
import type { DiagramView, ElementView, Mark } from './view.js'

/** Findings where they belong on the diagram: a sign per severity, the sentences as its title. */
export function findingsView(findings: readonly Finding[]): DiagramView {
  const byElement = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.elementId !== undefined) byElement.set(finding.elementId, [...(byElement.get(finding.elementId) ?? []), finding])
  }
  const elements = new Map<string, ElementView>()
  for (const [element, those] of byElement) {
    const marks = (['error', 'warning', 'info'] as const).flatMap((severity): Mark[] => {
      const same = those.filter((finding) => finding.severity === severity)
      if (same.length === 0) return []
      return [{ kind: severity, text: same.length > 1 ? String(same.length) : '', title: same.map(({ message }) => message).join('\n') }]
    })
    elements.set(element, { paint: those.some(({ severity }) => severity === 'error') ? ['fault'] : [], marks })
  }
  return { elements, flows: new Map() }
}
