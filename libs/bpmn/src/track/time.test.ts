import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../testing/scenario.js'
import type { TimerDefinition } from '../model.js'

const message = { trigger: { kind: 'message' } } as const

/** A task that reminds somebody while it waits. */
const reminding = (timer: Omit<TimerDefinition, 'mode'>) => processOf({
  mode: 'manage',
  elements: {
    start: message, a: {}, end: {},
    remind: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: false, trigger: { kind: 'timer', timer: { ...timer, mode: 'self' } } },
    tell: { command: { type: 'tell' } }, endTold: {},
  },
  flows: ['start > a > end', 'remind > tell > endTold'],
})

describe('a timer that repeats', () => {
  it('fires as often as it says, and no more once its host has ended', () => {
    const given = new Scenario(reminding({ kind: 'cycle', text: 'R3/PT1H' })).event('start', 'PT0S')
    expect(given.instance('PT2H30M').commands).toHaveLength(2)
    expect(given.instance('P2D').commands).toHaveLength(3)
    expect(given.event('a', 'PT2H30M').instance('P2D').commands).toHaveLength(2)
    expect(given.instance('P2D').view.status).toBe('completed')
  })

  it('fires a hundred times in one gap, and counts the rest, so that it goes on at its time', () => {
    const given = new Scenario(reminding({ kind: 'cycle', text: 'R/PT1M' })).event('start', 'PT0S')
    expect(given.instance('PT10H').commands).toHaveLength(100)
    given.event('noted', 'PT10H30S')
    expect(given.instance('PT10H2M').commands).toHaveLength(101)
  })

  it('begins with its first firing after the token came, where its start lies before', () => {
    const given = new Scenario(reminding({ kind: 'cycle', text: 'R/2020-01-01T00:30:00Z/PT1H' })).event('start', 'PT10M')
    const due = given.deadlines('PT10M').find((deadline) => deadline.kind === 'timer')
    expect(new Date(due?.dueAt ?? 0).toISOString()).toBe('2026-01-01T00:30:00.000Z')
  })
})

describe('a token whose branch is not known yet', () => {
  const choice = (elements: Record<string, object>) => processOf({
    elements: { start: message, xor1: {}, a: {}, b: {}, end: {}, ...elements }, flows: ['start > xor1', 'xor1 > a > end', 'xor1 > b > end'], stuckAfter: 'PT1H',
  })

  it('is stuck at its split after the patience of the model', () => {
    const given = new Scenario(choice({})).event('start', 'PT0S')
    expect(given.instance('PT1H31S').view).toMatchObject({ stuck: true, tokens: [{ element: 'xor1', stuck: true }] })
  })

  it('has the patience of the most patient element that it may wait at', () => {
    const given = new Scenario(choice({ b: { stuckAfter: 'PT5H' } })).event('start', 'PT0S')
    expect(given.instance('PT4H').view.stuck).toBe(false)
    expect(given.instance('PT5H31S').view.stuck).toBe(true)
  })

  it('is not stuck where one way waits for a sibling at a join', () => {
    const process = processOf({
      elements: { start: message, and1: {}, and2: {}, xor1: {}, a: {}, b: { stuckAfter: 'P9D' }, c: {}, end: {} }, stuckAfter: 'PT1H',
      flows: ['start > and1', 'and1 > b > and2', 'and1 > xor1', 'xor1 > a > and2', 'xor1 > and2', 'and2 > c > end'],
    })
    expect(new Scenario(process).event('start', 'PT0S').instance('P1D').view.stuck).toBe(false)
  })
})

describe('deadlines', () => {
  it('wait for the grace after the last arrival, whatever its event time', () => {
    const process = processOf({ elements: { start: message, a: { stuckAfter: 'PT1H' }, end: {} }, flows: ['start > a > end'] })
    const given = new Scenario(process).event('start', 'PT0S').event('noted', 'PT10M', { arrives: 'PT1H20S' }).event('noted', 'PT20M')
    expect(given.instance('PT1H40S').view).toMatchObject({ stuck: false, settling: true })
    expect(given.instance('PT1H50S').view).toMatchObject({ stuck: true, settling: false })
  })

  it('of an overruled timer give rise to a deviation only when the event has come that overrules it', () => {
    const process = processOf({
      elements: {
        start: message, a: {}, b: {}, end: {}, endLate: {}, late: {},
        tooLate: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: true, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } },
      },
      flows: ['start > a > b > end', 'tooLate > late > endLate'],
    })
    const given = new Scenario(process).event('start', 'PT0S')
    expect(given.tokens('PT2H')).toEqual(['late'])
    given.event('a', 'PT3H')
    expect(given.deviations()).toEqual(['timerOverruled tooLate'])
    expect(given.instance('PT3H10S').view).toMatchObject({ settling: true, conditions: [] })
    expect(given.instance('PT3H31S').view.conditions).toMatchObject([{ kind: 'deviation', detail: 'timerOverruled' }])
  })

  it('wait for a day of quiet where something may still come of one reading, though another has ended', () => {
    const process = processOf({
      elements: { start: message, xor1: {}, one: { bindings: [{ event: 'a', phase: 'end', from: 'name' }] }, two: { bindings: [{ event: 'a', phase: 'end', from: 'name' }] }, b: {}, end: {} },
      flows: ['start > xor1', 'xor1 > one > end', 'xor1 > two > b > end'], completion: 'P1D',
    })
    const given = new Scenario(process).event('start', 'PT0S').event('a', 'PT1H')
    expect(given.instance('PT2H').view.status).toBe('active')
    expect(given.instance('P2D').view.status).toBe('completed')
  })
})
