import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const LOOP = 'count(for a in xs return for b in ys return a) > 1'
const long = (length: number) => Array.from({ length }, (_, index) => index)
const alerts = (given: Scenario, at?: string) => given.instance(at).view.conditions.map(({ kind, element, severity }) => `${severity} ${kind} ${element}`)

describe('an expression that would run away over the data of an instance', () => {
  const choice = processOf({
    elements: { start: message, xor1: { defaultFlow: 'xor1>b' }, a: {}, b: {}, end: {} }, flows: ['start > xor1', `xor1 > a if ${LOOP}`, 'xor1 > b', 'a > end', 'b > end'],
  })

  it('suspends it with an alert, and is never a value: the default is not taken', () => {
    const given = new Scenario(choice).event('start', 'PT0S', { patch: { xs: long(3_000), ys: long(3_000) } })
    expect(given.tokens()).toEqual(['xor1'])
    expect(alerts(given)).toEqual(['critical suspended xor1'])
  })

  it('suspends it no longer when other data come', () => {
    const given = new Scenario(choice).event('start', 'PT0S', { patch: { xs: long(3_000), ys: long(3_000) } }).event('noted', 'PT1M', { patch: { xs: [1], ys: [1] } })
    expect(given.tokens()).toEqual(['b'])
    expect(alerts(given)).toEqual([])
    expect(new Scenario(choice).event('start', 'PT0S', { patch: { xs: [1, 2], ys: [1, 2] } }).tokens()).toEqual(['a'])
  })

  it('nor when an event says which way was taken', () => {
    const given = new Scenario(choice).event('start', 'PT0S', { patch: { xs: long(3_000), ys: long(3_000) } }).event('b', 'PT1M')
    expect(given.instance().view.status).toBe('completed')
    expect(alerts(given)).toEqual([])
  })

  it('keeps its timers from firing and its commands from being given, until then', () => {
    const process = processOf({
      mode: 'manage', elements: {
        start: message, a: {}, end: {}, endTold: {},
        late: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: false, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } },
        tell: { command: { type: 'tell', data: '= { sums: for a in xs return for b in xs return a + b }' } },
      },
      flows: ['start > a > end', 'late > tell > endTold'],
    })
    const given = new Scenario(process).event('start', 'PT0S', { patch: { xs: long(3_000) } })
    expect(given.tokens('PT2H')).toEqual(['a', 'tell'])
    expect(given.instance('PT2H').commands).toEqual([])
    expect(alerts(given, 'PT2H')).toEqual(['critical suspended tell'])
    given.event('noted', 'PT3H', { patch: { xs: [1] } })
    expect(given.instance().commands.map(({ element, status }) => `${element} ${status}`)).toEqual(['tell scheduled'])
  })

  it('is a matter of the timer that it is the time of, too', () => {
    const process = processOf({
      elements: { start: message, a: {}, end: {}, b: {}, late: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: true, trigger: { kind: 'timer', timer: { kind: 'duration', text: `= if ${LOOP} then "PT1H" else "PT2H"`, mode: 'self' } } } },
      flows: ['start > a > end', 'late > b > end'],
    })
    const given = new Scenario(process).event('start', 'PT0S', { patch: { xs: long(3_000), ys: long(3_000) } })
    expect(given.tokens('P1D')).toEqual(['a'])
    expect(alerts(given, 'P1D')).toEqual(['critical suspended a'])
    expect(new Scenario(process).event('start', 'PT0S', { patch: { xs: [1], ys: [1] } }).tokens('P1D')).toEqual(['b'])
  })
})
