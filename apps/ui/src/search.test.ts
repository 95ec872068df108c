import { describe, expect, it } from 'vitest'
import { eventSearch, flowSearch, instanceSearch, parseQuery, stringifyQuery } from './search.js'

describe('a link to a filtered list', () => {
  it('gives the same filter back that it was made of', () => {
    const filter = {
      model: 'order-fulfilment', version: 3, key: 'order 17/ä&b', status: 'active', element: 'Task_Pack', waitingLongerThan: 'P3D',
      stuck: true, late: false, deviating: true,
    } as const
    expect(instanceSearch.parse(parseQuery(stringifyQuery(filter)))).toEqual(filter)
  })

  it('keeps a key that looks like a number, a flag or JSON as the text it is', () => {
    for (const key of ['007', 'true', '"x"', '{}', '1e3', 'null']) {
      expect(instanceSearch.parse(parseQuery(stringifyQuery({ key })))).toEqual({ key })
    }
  })

  it('drops what does not parse and what is unknown, and still opens', () => {
    expect(instanceSearch.parse(parseQuery('?status=lost&version=x&stuck=maybe&key=&evil=1&model=m'))).toEqual({ model: 'm' })
    expect(flowSearch.parse(parseQuery('?lens=heat&version=2'))).toEqual({ version: 2 })
    expect(eventSearch.parse(parseQuery('?fate=quarantined&event=12'))).toEqual({ fate: 'quarantined', event: '12' })
  })

  it('says nothing for what is not set, so that equal views have equal links', () => {
    expect(stringifyQuery({ model: undefined, key: '' })).toBe('')
    expect(stringifyQuery({ model: 'm', stuck: true })).toBe('?model=m&stuck=true')
  })
})

it('a link to a moment of the past names it, and what is no moment is now', () => {
  expect(flowSearch.parse(parseQuery('?at=2026-03-12T14:03:22.000Z&lens=waits'))).toEqual({ at: '2026-03-12T14:03:22.000Z', lens: 'waits' })
  expect(flowSearch.parse(parseQuery('?at=yesterday'))).toEqual({})
})
