import { describe, expect, it } from 'vitest'
import { processOf } from './testing/scenario.js'
import { Follower } from './follower.js'

const parcel = processOf({
  elements: { start: { trigger: { kind: 'message' } }, a: {}, b: {}, end: {} }, flows: ['start > a > b > end'],
  keys: [{ name: 'order', value: 'data.order' }, { name: 'parcel', value: 'data.parcel' }],
})

describe('a follower', () => {
  it('follows each key by itself, in event time, whatever the order of arrival', () => {
    const follower = new Follower(parcel)
    follower.take({ type: 'a', time: '2026-03-01T10:00:00Z', data: { order: 1, amount: 5 } })
    follower.take({ type: 'b', time: '2026-03-01T10:00:00Z', data: { order: 2 } })
    follower.take({ type: 'start', time: '2026-03-01T09:00:00Z', arrived: Date.parse('2026-03-01T11:00:00Z'), data: { order: 1 } })
    expect(follower.instances().map(({ key, view }) => [key, view.tokens.map(({ element }) => element), view.deviations.map(({ kind }) => kind)]))
      .toEqual([['1', ['b'], []], ['2', [], ['missingStart']]])
    expect(follower.instances()[0]?.view.variables).toEqual({ order: 1, amount: 5 })
  })

  it('learns a second key from the event that carries both, for events before and after it', () => {
    const follower = new Follower(parcel)
    const take = (type: string, data: Record<string, unknown>, time: number) => follower.take({ type, data, time })
    expect(take('start', { order: 1 }, 1)).toBe('followed')
    expect(take('b', { parcel: 'p' }, 3)).toBe('waiting')
    expect(take('a', { order: 1, parcel: 'p' }, 2)).toBe('followed')
    expect(take('b', { parcel: 'p' }, 4)).toBe('followed')
    expect(follower.instances().map(({ view }) => [view.status, view.deviations.map(({ kind }) => kind)])).toEqual([['completed', ['repeated']]])
  })

  it('says what it cannot use', () => {
    const follower = new Follower(parcel)
    expect(follower.take({ type: 'unknown', time: 1, data: { order: 1 } })).toBe('unbound')
    expect(follower.take({ type: 'a', time: 1 })).toBe('keyless')
    expect(() => follower.take({ type: 'a', time: 'yesterday', data: { order: 1 } })).toThrow(/the time of a is no date: yesterday/)
    expect(follower.instances()).toEqual([])
  })
})
