import type { Instance } from '@tidemark/api'
import type { DiagramView, ElementView, FlowView, Mark, Paint } from './view.js'

/** One instance on its diagram: where it was, which flows it took, where it is, and where reality and model differ. */
export function pathView(instance: Instance): DiagramView {
  const elements = new Map<string, { paint: Set<Paint>; marks: Mark[]; pill?: ElementView['pill'] }>()
  const at = (id: string) => {
    const known = elements.get(id) ?? { paint: new Set<Paint>(), marks: [] }
    elements.set(id, known)
    return known
  }
  for (const visit of instance.visits) at(visit.element).paint.add(visit.how === 'assumed' ? 'assumed' : 'visited')
  for (const token of instance.tokens) {
    const here = at(token.element)
    if (token.scope === true) {
      here.paint.add('visited')
      continue
    }
    here.paint.add('here')
    here.pill = { tone: 'tokens', text: 'here', title: 'The instance is here now' }
    if (token.stuck) here.marks.push({ kind: 'stuck', text: '', title: 'Stuck here' })
    if (token.late) here.marks.push({ kind: 'late', text: '', title: 'Late here' })
  }
  for (const deviation of instance.deviationList) {
    const there = at(deviation.element)
    if (!deviation.accepted) there.paint.add('deviates')
    there.marks.push({ kind: 'deviating', text: deviation.count > 1 ? String(deviation.count) : '', title: deviation.text })
  }
  const flows = new Map<string, FlowView>()
  for (const { flow, count } of instance.path) {
    flows.set(flow, {
      paint: ['taken'], weight: 0, title: count === 1 ? 'Taken once' : `Taken ${count} times`, ...(count > 1 && { label: `${count}×` }),
    })
  }
  return {
    elements: new Map([...elements].map(([id, { paint, ...view }]) => [id, { ...view, paint: [...paint] }])),
    flows,
  }
}
