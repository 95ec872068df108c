import type { ElementFlow, Flow } from '@tidemark/api'
import { describe, expect, it } from 'vitest'
import { compact, flowView } from './lens.js'

const quiet: Omit<ElementFlow, 'element'> = { name: '', kind: 'task', tokens: 0, stuck: 0, late: 0, deviating: 0, visits: 0 }
const flow = (elements: (Partial<ElementFlow> & { element: string })[], flows: Flow['flows'] = []): Flow => ({
  model: 'm', version: 1, at: '2026-01-01T00:00:00.000Z', active: 0, completed: 0, terminated: 0, stuck: 0, late: 0, deviating: 0,
  elements: elements.map((element) => ({ ...quiet, ...element })), flows,
})

describe('the live flow through its lenses', () => {
  it('shows how many are here, and with a sign each how many are stuck, late and off the path', () => {
    const view = flowView(flow([{ element: 'pack', tokens: 1200, stuck: 2, late: 1, deviating: 3 }, { element: 'ship' }]), 'counts')
    expect(view.elements.get('pack')).toMatchObject({ pill: { tone: 'tokens', text: '1.2k', title: '1,200 instances here now' } })
    expect(view.elements.get('pack')!.marks.map(({ kind, text }) => `${kind} ${text}`)).toEqual(['stuck 2', 'late 1', 'deviating 3'])
    expect(view.elements.has('ship')).toBe(false)
  })

  it('heats by the wait of those who wait now, least to most', () => {
    const view = flowView(flow([
      { element: 'a', tokens: 1, waitP50Ms: 1000, waitP95Ms: 60_000 }, { element: 'b', tokens: 4, waitP95Ms: 864_000_000 },
      { element: 'gone', tokens: 0, waitP95Ms: 5 },
    ]), 'waits')
    expect(view.elements.get('a')!.paint).toEqual(['heat-1'])
    expect(view.elements.get('b')).toMatchObject({ paint: ['heat-5'], pill: { tone: 'measure', text: '10 d' } })
    expect(view.elements.has('gone')).toBe(false)
  })

  it('paints near figures alike: 29 days and 22 days are the same trouble', () => {
    const view = flowView(flow([{ element: 'a', visits: 29 }, { element: 'b', visits: 22 }, { element: 'c', visits: 5 }]), 'visits')
    expect(['a', 'b', 'c'].map((id) => view.elements.get(id)!.paint[0])).toEqual(['volume-5', 'volume-5', 'volume-3'])
  })

  it('draws a flow as wide as it is used, rare ones still to be seen, unused ones plain', () => {
    const { flows } = flowView(flow([], [{ flow: 'main', count: 4000 }, { flow: 'rare', count: 1 }, { flow: 'never', count: 0 }]), 'counts')
    expect(flows.get('main')).toMatchObject({ weight: 1, label: '4k', title: 'Taken 4,000 times' })
    expect(flows.get('rare')).toMatchObject({ weight: 0.05, title: 'Taken 1 time' })
    expect(flows.has('never')).toBe(false)
  })

  it.each([[0, '0'], [999, '999'], [1000, '1k'], [1234, '1.2k'], [9_960, '10k'], [147_988, '148k'], [999_600, '1M'], [1_250_000, '1.3M']])(
    'writes %i as %s', (count, text) => expect(compact(count)).toBe(text),
  )
})
