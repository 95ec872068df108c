import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const boundary = { kind: 'boundaryEvent', interrupting: true } as const

describe('an error that ends a sub-process', () => {
  const nested = (caughtAt: 'inner' | 'outer', name?: string) => processOf({
    elements: {
      start: message, outer: { kind: 'subProcess' }, startOuter: { parent: 'outer' }, inner: { kind: 'subProcess', parent: 'outer' }, endOuter: { parent: 'outer' },
      startInner: { parent: 'inner' }, andIn: { kind: 'parallelGateway', parent: 'inner' }, a: { parent: 'inner' }, b: { parent: 'inner' },
      xorIn: { kind: 'exclusiveGateway', parent: 'inner' }, fine: { parent: 'inner' }, bad: { parent: 'inner' },
      endFine: { parent: 'inner' }, endBad: { parent: 'inner', trigger: { kind: 'error', name: 'broken' } }, endB: { parent: 'inner' },
      caught: { ...boundary, attachedTo: caughtAt, trigger: { kind: 'error', ...(name === undefined ? {} : { name }) }, ...(caughtAt === 'inner' ? { parent: 'outer' } : {}) },
      mend: caughtAt === 'inner' ? { parent: 'outer' } : {}, endMended: caughtAt === 'inner' ? { parent: 'outer' } : {}, last: {}, end: {},
    },
    flows: ['start > outer > last > end', 'startOuter > inner > endOuter', 'startInner > andIn > a > xorIn > fine > endFine', 'andIn > b > endB', 'xorIn > bad > endBad', 'caught > mend > endMended'],
  })

  it('is caught where it happens, and takes away what ran beside it', () => {
    const given = new Scenario(nested('inner')).event('start', 'PT0S').event('a', 'PT1M').event('bad', 'PT2M')
    expect(given.tokens()).toEqual(['mend', 'outer'])
    expect(given.event('mend', 'PT3M').event('last', 'PT4M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is caught further out, where only that catches it', () => {
    const given = new Scenario(nested('outer', 'broken')).event('start', 'PT0S').event('a', 'PT1M').event('bad', 'PT2M')
    expect(given.tokens()).toEqual(['mend'])
    expect(given.event('mend', 'PT3M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given.event('b', 'PT4M').deviations()).toEqual(['afterEnd b'])
  })

  it('ends the process where nothing catches it', () => {
    const given = new Scenario(nested('outer', 'another')).event('start', 'PT0S').event('a', 'PT1M').event('bad', 'PT2M')
    expect(given.instance().view).toMatchObject({ status: 'terminated', tokens: [] })
  })
})

describe('a terminate end', () => {
  it('in a sub-process ends that alone', () => {
    const process = processOf({
      elements: {
        start: message, sub: { kind: 'subProcess' }, startIn: { parent: 'sub' }, andIn: { kind: 'parallelGateway', parent: 'sub' }, a: { parent: 'sub' }, b: { parent: 'sub' },
        endA: { parent: 'sub', trigger: { kind: 'terminate' } }, endB: { parent: 'sub' }, c: {}, end: {},
      },
      flows: ['start > sub > c > end', 'startIn > andIn > a > endA', 'andIn > b > endB'],
    })
    const given = new Scenario(process).event('start', 'PT0S').event('a', 'PT1M')
    expect(given.tokens()).toEqual(['c'])
    expect(given.event('b', 'PT2M').deviations()).toEqual(['afterCancel b'])
    expect(given.event('c', 'PT3M').instance().view.status).toBe('completed')
  })

  it('at the top ends all of it', () => {
    const process = processOf({
      elements: { start: message, and1: {}, a: {}, b: {}, endA: { trigger: { kind: 'terminate' } }, endB: {} }, flows: ['start > and1', 'and1 > a > endA', 'and1 > b > endB'],
    })
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M').instance().view).toMatchObject({ status: 'terminated', tokens: [] })
  })
})

describe('flows with conditions out of a task', () => {
  it('may be taken or not, beside one that is always taken', () => {
    const process = processOf({ elements: { start: message, a: {}, b: {}, c: {}, end: {} }, flows: ['start > a', 'a > b > end', 'a > c if amount > 100', 'c > end'] })
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M').instance().view.status).toBe('completed')
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M').event('c', 'PT2M').event('b', 'PT3M').deviations()).toEqual([])
  })
})

describe('boundary events', () => {
  it('that leave their host alone come as often as they like', () => {
    const process = processOf({
      elements: { start: message, a: {}, ask: { kind: 'boundaryEvent', interrupting: false, attachedTo: 'a', ...message }, answer: {}, endAsk: {}, end: {} },
      flows: ['start > a > end', 'ask > answer > endAsk'],
    })
    const given = new Scenario(process).event('start', 'PT0S').event('ask', 'PT1M').event('answer', 'PT2M').event('ask', 'PT3M').event('ask', 'PT4M')
    expect(given.tokens()).toEqual(['a', 'answer', 'answer'])
    given.event('a', 'PT5M').event('answer', 'PT6M').event('answer', 'PT7M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('that interrupt a task leave nothing for its own event to fit', () => {
    const process = processOf({
      elements: { start: message, a: {}, cancel: { ...boundary, attachedTo: 'a', ...message }, tidy: {}, endTidy: {}, b: {}, end: {} }, flows: ['start > a > b > end', 'cancel > tidy > endTidy'],
    })
    const given = new Scenario(process).event('start', 'PT0S').event('cancel', 'PT1M').event('a', 'PT2M')
    expect(given.deviations()).toEqual(['afterCancel a'])
    expect(given.tokens()).toEqual(['tidy'])
  })

  it('that nobody can see are guessed at a cost, and a timer behind a gateway of events fires alone', () => {
    const process = processOf({
      elements: {
        start: message, race1: {}, paid: { kind: 'intermediateCatchEvent', ...message }, over: { kind: 'intermediateCatchEvent', trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } },
        a: {}, failed: { ...boundary, attachedTo: 'a', trigger: { kind: 'error' } }, mend: {}, endMended: {}, remind: {}, end: {}, endReminded: {},
      },
      flows: ['start > race1', 'race1 > paid > a > end', 'race1 > over > remind > endReminded', 'failed > mend > endMended'],
    })
    expect(new Scenario(process).event('start', 'PT0S').tokens('PT1H31S')).toEqual(['remind'])
    const failed = new Scenario(process).event('start', 'PT0S').event('paid', 'PT1M').event('mend', 'PT2M')
    expect(failed.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})
