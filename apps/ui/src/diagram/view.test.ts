import { describe, expect, it } from 'vitest'
import { diffViews, emptyView, type DiagramView, type ElementView } from './view.js'

const pack: ElementView = {
  paint: ['heat-1'], pill: { tone: 'tokens', text: '3', title: '3 are here' }, marks: [{ kind: 'stuck', text: '1', title: '1 is stuck' }],
}
const view = (elements: Record<string, ElementView>, flows: DiagramView['flows'] = new Map()): DiagramView => ({
  elements: new Map(Object.entries(elements)), flows,
})

describe('from one view of a diagram to the next', () => {
  it('touches nothing where an equal view was made anew', () => {
    expect(diffViews(view({ pack }), view({ pack: structuredClone(pack) }))).toEqual({ elements: [], flows: [] })
  })

  it('touches only the element whose number changed', () => {
    const after = { ...pack, pill: { tone: 'tokens', text: '4', title: '4 are here' } } as const
    expect(diffViews(view({ pack, ship: pack }), view({ pack: after, ship: pack })).elements)
      .toEqual([{ id: 'pack', before: pack, after }])
  })

  it('sees a change of paint, of a mark and of a title alone', () => {
    for (const after of [
      { ...pack, paint: [] }, { ...pack, marks: [] }, { ...pack, marks: [{ ...pack.marks[0]!, title: 'other' }] },
    ]) expect(diffViews(view({ pack }), view({ pack: after })).elements).toHaveLength(1)
  })

  it('tells what appeared and what has nothing to say any more', () => {
    const changes = diffViews(view({ pack }), view({ ship: pack }))
    expect(changes.elements.map(({ id, after }) => [id, after !== undefined])).toEqual([['pack', false], ['ship', true]])
  })

  it('compares flows by weight, label, title and paint', () => {
    const flow = { paint: [], weight: 0.5, label: '12', title: 'taken 12 times' } as const
    const before = view({}, new Map([['f', flow]]))
    expect(diffViews(before, view({}, new Map([['f', { ...flow }]]))).flows).toEqual([])
    expect(diffViews(before, view({}, new Map([['f', { ...flow, weight: 0.6 }]]))).flows).toHaveLength(1)
    expect(diffViews(before, emptyView).flows).toEqual([{ id: 'f', before: flow, after: undefined }])
  })
})
