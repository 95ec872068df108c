import type { Instance } from '@tidemark/api'
import { expect, it } from 'vitest'
import { pathView } from './path.js'

const instance = {
  visits: [
    { element: 'pay', name: 'Pay', entered: 't', left: 't', how: 'observed' },
    { element: 'pack', name: 'Pack', entered: 't', left: 't', how: 'assumed' },
    { element: 'ship', name: 'Ship', entered: 't', how: 'observed' },
  ],
  tokens: [{ element: 'ship', name: 'Ship', since: 't', stuck: true, late: false }],
  deviationList: [
    { kind: 'skipped', element: 'pack', name: 'Pack', at: 't', count: 1, provisional: false, accepted: false, text: 'Pack was skipped' },
  ],
  path: [
    { flow: 'f1', count: 1 },
    { flow: 'loop', count: 3 },
  ],
} as unknown as Instance

it('shows an instance as the path it took, where it is, and where it left the model', () => {
  const { elements, flows } = pathView(instance)
  expect(elements.get('pay')).toEqual({ paint: ['visited'], marks: [] })
  expect(elements.get('pack')).toEqual({
    paint: ['assumed', 'deviates'],
    marks: [{ kind: 'deviating', text: '', title: 'Pack was skipped' }],
  })
  expect(elements.get('ship')).toMatchObject({ paint: ['visited', 'here'], pill: { text: 'here' }, marks: [{ kind: 'stuck' }] })
  expect(flows.get('loop')).toMatchObject({ paint: ['taken'], label: '3×', title: 'Taken 3 times' })
  expect(flows.get('f1')).not.toHaveProperty('label')
})
