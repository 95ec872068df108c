import { describe, expect, it } from 'vitest'
import { processOf, Scenario, type ElementDraft, type ProcessDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const undo = (host: string, handler: string, parent?: string): ElementDraft => ({
  kind: 'boundaryEvent', attachedTo: host, trigger: { kind: 'compensation' }, handler, ...(parent === undefined ? {} : { parent }),
})
const handler = (parent?: string): ElementDraft => ({ isForCompensation: true, ...(parent === undefined ? {} : { parent }) })
const thrown = (activity?: string): ElementDraft => ({ kind: 'intermediateThrowEvent', trigger: { kind: 'compensation', ...(activity === undefined ? {} : { activity }) } })

/** hotel and flight may each be booked or not; then all is undone, or only what `activity` names. */
function trip(activity?: string, rest: Partial<ProcessDraft> = {}) {
  return processOf({
    elements: {
      start: message, xor1: {}, hotel: {}, xor2: {}, xor3: {}, flight: {}, xor4: {}, fail: {}, undo: thrown(activity), tell: {}, end: {},
      undoHotel: undo('hotel', 'cancelHotel'), cancelHotel: handler(), undoFlight: undo('flight', 'cancelFlight'), cancelFlight: handler(), ...rest.elements,
    },
    flows: ['start > xor1 > hotel > xor2', 'xor1 > xor2', 'xor2 > xor3 > flight > xor4', 'xor3 > xor4', 'xor4 > fail > undo > tell > end'],
    ...(rest.mode === undefined ? {} : { mode: rest.mode }),
  })
}

function booked(process: ReturnType<typeof trip>, ...events: readonly string[]): Scenario {
  const given = new Scenario(process)
  events.forEach((event, index) => given.event(event, `PT${index}M`))
  return given
}

describe('compensation that is thrown', () => {
  it('waits for the handlers of what was done, and then goes on', () => {
    const given = booked(trip(), 'start', 'hotel', 'flight', 'fail')
    expect(given.tokens()).toEqual(['cancelFlight', 'cancelHotel', 'undo'])
    given.event('cancelFlight', 'PT10M')
    expect(given.tokens()).toEqual(['cancelHotel', 'undo'])
    given.event('cancelHotel', 'PT11M')
    expect(given.tokens()).toEqual(['tell'])
    expect(given.event('tell', 'PT12M').instance().view).toMatchObject({ status: 'completed', deviations: [], tokens: [] })
  })

  it('goes on at once where nothing was done', () => {
    expect(booked(trip(), 'start', 'fail').tokens()).toEqual(['tell'])
    expect(booked(trip('hotel'), 'start', 'flight', 'fail').tokens()).toEqual(['tell'])
  })

  it('undoes only the activity that it names', () => {
    const given = booked(trip('flight'), 'start', 'hotel', 'flight', 'fail')
    expect(given.tokens()).toEqual(['cancelFlight', 'undo'])
    expect(given.event('cancelFlight', 'PT10M').event('tell', 'PT11M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('undoes the same activity as often as it was done', () => {
    const process = processOf({
      elements: { start: message, xorA: {}, hotel: {}, xorB: {}, fail: {}, undo: thrown(), tell: {}, end: {}, undoHotel: undo('hotel', 'cancelHotel'), cancelHotel: handler() },
      flows: ['start > xorA > hotel > xorB', 'xorB > xorA', 'xorB > fail > undo > tell > end'],
    })
    const given = new Scenario(process).event('start', 'PT0S').event('hotel', 'PT1M').event('hotel', 'PT2M').event('fail', 'PT3M')
    expect(given.tokens()).toEqual(['cancelHotel', 'cancelHotel', 'undo'])
  })

  it('takes a handler as a sign that its activity was done unseen, and says where it is missing itself', () => {
    const given = booked(trip(), 'start', 'hotel', 'fail', 'cancelFlight')
    expect(given.deviations()).toEqual(['skipped flight'])
    expect(given.tokens()).toEqual(['cancelHotel', 'undo'])
    expect(booked(trip(), 'start', 'hotel', 'flight', 'fail', 'tell').deviations()).toEqual(['skipped cancelHotel cancelFlight'])
  })

  it('is undone in reverse order of what was seen to be done: the other order is a deviation', () => {
    expect(booked(trip(), 'start', 'hotel', 'flight', 'fail', 'cancelFlight', 'cancelHotel', 'tell').deviations()).toEqual([])
    expect(booked(trip(), 'start', 'hotel', 'flight', 'fail', 'cancelHotel', 'cancelFlight', 'tell').deviations()).toEqual(['outOfOrder cancelHotel'])
  })

  it('has no order where the activities had none', () => {
    const parallel = processOf({
      elements: {
        start: message, and1: {}, hotel: {}, flight: {}, and2: {}, undo: thrown(), tell: {}, end: {},
        undoHotel: undo('hotel', 'cancelHotel'), cancelHotel: handler(), undoFlight: undo('flight', 'cancelFlight'), cancelFlight: handler(),
      },
      flows: ['start > and1', 'and1 > hotel > and2', 'and1 > flight > and2', 'and2 > undo > tell > end'],
    })
    expect(booked(parallel, 'start', 'hotel', 'flight', 'cancelHotel', 'cancelFlight', 'tell').deviations()).toEqual([])
  })

  it('orders managed handlers in reverse order', () => {
    const managed = trip(undefined, { mode: 'manage', elements: { cancelHotel: { ...handler(), command: { type: 'hotel.cancel' } }, cancelFlight: { ...handler(), command: { type: 'flight.cancel' } } }, flows: [] })
    expect(booked(managed, 'start', 'hotel', 'flight', 'fail').instance().commands.map(({ element, status }) => `${element} ${status}`)).toEqual(['cancelFlight scheduled', 'cancelHotel scheduled'])
    expect(booked(managed, 'start', 'hotel', 'fail').instance().commands.map(({ element }) => element)).toEqual(['cancelHotel'])
  })
})

describe('compensation of a sub-process', () => {
  const nested = (more: Readonly<Record<string, ElementDraft>>, flows: readonly string[]) => processOf({
    elements: {
      start: message, sub: { kind: 'subProcess' }, startIn: { parent: 'sub' }, hotel: { parent: 'sub' }, endIn: { parent: 'sub' }, fail: {}, end: { kind: 'endEvent', trigger: { kind: 'compensation' } },
      undoHotel: undo('hotel', 'cancelHotel', 'sub'), cancelHotel: handler('sub'), ...more,
    },
    flows: ['start > sub > fail > end', 'startIn > hotel > endIn', ...flows],
  })

  it('without a handler of its own undoes what was done inside it, at an end event too', () => {
    const given = booked(nested({}, []), 'start', 'hotel', 'fail')
    expect(given.tokens()).toEqual(['cancelHotel', 'end'])
    expect(given.event('cancelHotel', 'PT10M').instance().view).toMatchObject({ status: 'completed', deviations: [], tokens: [] })
  })

  it('by a handler at its border does not look inside', () => {
    const given = booked(nested({ undoSub: undo('sub', 'cancelAll'), cancelAll: handler() }, []), 'start', 'hotel', 'fail')
    expect(given.tokens()).toEqual(['cancelAll', 'end'])
  })

  it('by an event sub-process of its own runs that', () => {
    const given = booked(nested({
      es: { kind: 'subProcess', triggeredByEvent: true, parent: 'sub' }, startEs: { kind: 'startEvent', parent: 'es', trigger: { kind: 'compensation' } },
      tidy: { parent: 'es' }, undoIn: { ...thrown(), parent: 'es' }, endEs: { parent: 'es' },
    }, ['startEs > tidy > undoIn > endEs']), 'start', 'hotel', 'fail')
    expect(given.tokens()).toEqual(['end', 'es', 'tidy'])
    given.event('tidy', 'PT10M')
    expect(given.tokens()).toEqual(['cancelHotel', 'end', 'es', 'undoIn'])
    expect(given.event('cancelHotel', 'PT11M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('that was interrupted is not undone, since it was never done', () => {
    const given = booked(nested({
      stop: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, ...message }, more: { parent: 'sub' },
    }, ['hotel > more > endIn', 'stop > fail']), 'start', 'hotel', 'stop', 'fail')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})
