import type { Instance } from '@tidemark/api'
import { describe, expect, it } from 'vitest'
import { asksOf } from './corrections.js'

const instance = (more: Partial<Instance>): Instance => ({
  status: 'active', key: 'A', deviationList: [], expected: [{ element: 'ship', name: 'Ship', events: [] }], events: [{ position: '7', type: 'paid', text: 'Paid.' }],
  visits: [{ element: 'pay', name: '' }], tokens: [{ element: 'ship', name: 'Ship' }], ...more,
}) as unknown as Instance
const said = (given: Instance) => Object.fromEntries(asksOf(given).map(({ name, choices }) => [name, choices.map((choice) => choice.said)]))

describe('what can be said of an instance', () => {
  it('names what there is: steps to come, places, events, deviations that count', () => {
    const deviation = { kind: 'skipped', element: 'pay', text: 'Skipped.' }
    expect(said(instance({ deviationList: [{ ...deviation, accepted: false }, { ...deviation, element: 'x', accepted: true }] as Instance['deviationList'] }))).toEqual({
      accept: [{ what: 'accept', kind: 'skipped', element: 'pay' }], done: [{ what: 'done', element: 'ship' }], 'set-aside': [{ what: 'setAside', position: '7' }],
      move: [{ what: 'move', elements: ['pay'] }, { what: 'move', elements: ['ship'] }], end: [{ what: 'end' }],
    })
  })

  it('speaks of each item that may go on, and accepts a deviation for all of them', () => {
    const deviation = { kind: 'skipped', element: 'pay', text: 'Skipped.', accepted: false }
    expect(said(instance({
      expected: [{ element: 'ship', name: 'Ship', events: [], items: ['a', 'b'] }, { element: 'pay', name: '', events: [], items: [] }],
      visits: [{ element: 'pay', name: '' }, { element: 'ship', name: 'Ship', item: 'z' }] as Instance['visits'],
      tokens: [{ element: 'ship', name: 'Ship', item: 'a' }] as Instance['tokens'], deviationList: [{ ...deviation, item: 'a' }, { ...deviation, item: 'b' }] as Instance['deviationList'],
    }))).toMatchObject({
      accept: [{ what: 'accept', kind: 'skipped', element: 'pay' }],
      done: [{ what: 'done', element: 'ship', item: 'a' }, { what: 'done', element: 'ship', item: 'b' }],
      move: [{ what: 'move', elements: ['pay'] }, { what: 'move', elements: ['ship'], item: 'a' }, { what: 'move', elements: ['ship'], item: 'b' }],
    })
  })

  it('leaves out what an ended instance has no use for', () => {
    expect(said(instance({ status: 'completed', tokens: [], expected: [] }))).toMatchObject({ done: [], end: [], move: [{ elements: ['pay'] }], 'set-aside': [{ position: '7' }] })
  })
})
