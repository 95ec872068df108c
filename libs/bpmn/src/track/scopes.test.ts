import { describe, expect, it } from 'vitest'
import { processOf, Scenario, type ElementDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const timer = (text: string) => ({ trigger: { kind: 'timer', timer: { kind: 'duration', text, mode: 'self' } } }) as const
const started = (parent: string, trigger: ElementDraft['trigger'], interrupting: boolean): ElementDraft => ({ kind: 'startEvent', parent, interrupting, ...(trigger === undefined ? {} : { trigger }) })

describe('an event sub-process of the process', () => {
  const process = (interrupting: boolean, trigger: ElementDraft['trigger'] = message.trigger) => processOf({
    elements: {
      start: message, a: {}, b: {}, end: {},
      es: { kind: 'subProcess', triggeredByEvent: true }, asked: started('es', trigger, interrupting), answer: { parent: 'es' }, endEs: { parent: 'es' },
    },
    flows: ['start > a > b > end', 'asked > answer > endEs'],
  })

  it('runs beside it as often as its event comes, where it does not interrupt', () => {
    const given = new Scenario(process(false)).event('start', 'PT0S').event('asked', 'PT1M').event('asked', 'PT2M')
    expect(given.tokens()).toEqual(['a', 'answer', 'answer', 'es', 'es'])
    given.event('a', 'PT3M').event('answer', 'PT4M').event('b', 'PT5M')
    expect(given.instance().view.status).toBe('active')
    given.event('answer', 'PT6M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [], tokens: [] })
  })

  it('empties it where it interrupts, once', () => {
    const given = new Scenario(process(true)).event('start', 'PT0S').event('a', 'PT1M').event('asked', 'PT2M')
    expect(given.tokens()).toEqual(['answer', 'es'])
    expect(new Scenario(process(true)).event('start', 'PT0S').event('asked', 'PT2M').event('a', 'PT3M').deviations()).toEqual(['afterCancel a'])
    given.event('asked', 'PT3M')
    expect(given.deviations()).toEqual(['repeated asked'])
    expect(given.event('answer', 'PT4M').instance().view).toMatchObject({ status: 'completed', tokens: [] })
  })

  it('does not begin without a process, nor another one', () => {
    const given = new Scenario(process(true)).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M').event('asked', 'PT3M')
    expect(given.deviations()).toEqual(['afterEnd asked'])
    const early = new Scenario(process(false)).event('asked', 'PT0S')
    expect(early.deviations()).toEqual(['missingStart start'])
    expect(early.tokens()).toEqual(['a', 'answer', 'es'])
  })

  it('that nothing shows is guessed where its steps come', () => {
    const given = new Scenario(process(true, { kind: 'error' })).event('start', 'PT0S').event('answer', 'PT1M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(new Scenario(process(true, { kind: 'error' })).event('start', 'PT0S').tokens()).toEqual(['a'])
  })

  it('has its timer armed while the process is open', () => {
    const timed = (interrupting: boolean) => new Scenario(process(interrupting, timer('PT1H').trigger)).event('start', 'PT0S').event('a', 'PT30M')
    expect(timed(false).tokens('PT1H')).toEqual(['b'])
    expect(timed(false).tokens('PT1H30S')).toEqual(['answer', 'b', 'es'])
    expect(timed(true).tokens('PT1H30S')).toEqual(['answer', 'es'])
    expect(timed(true).event('b', 'PT40M').instance('PT2H').view.status).toBe('completed')
    const late = timed(true).event('b', 'PT2H')
    expect(late.deviations()).toEqual(['timerOverruled asked'])
    expect(late.instance().view.status).toBe('completed')
  })

  it('has its timers armed once, and again in a cycle', () => {
    const given = new Scenario(process(false, { kind: 'timer', timer: { kind: 'cycle', text: 'R2/PT1H', mode: 'self' } })).event('start', 'PT0S')
    expect(given.tokens('PT5H')).toEqual(['a', 'answer', 'answer', 'es', 'es'])
  })
})

describe('an event sub-process inside another', () => {
  const process = processOf({
    elements: {
      start: message, sub: { kind: 'subProcess' }, startIn: { parent: 'sub' }, a: { parent: 'sub' }, endIn: { parent: 'sub' }, b: {}, end: {},
      outer: { kind: 'subProcess', triggeredByEvent: true, parent: 'sub' }, ask: started('outer', message.trigger, false), c: { parent: 'outer' }, d: { parent: 'outer' }, endOuter: { parent: 'outer' },
      inner: { kind: 'subProcess', triggeredByEvent: true, parent: 'outer' }, stop: started('inner', message.trigger, true), e: { parent: 'inner' }, endInner: { parent: 'inner' },
    },
    flows: ['start > sub > b > end', 'startIn > a > endIn', 'ask > c > d > endOuter', 'stop > e > endInner'],
  })

  it('interrupts only what is around it', () => {
    const given = new Scenario(process).event('start', 'PT0S').event('ask', 'PT1M').event('c', 'PT2M').event('stop', 'PT3M')
    expect(given.tokens()).toEqual(['a', 'e', 'inner', 'outer', 'sub'])
    given.event('a', 'PT4M')
    expect(given.tokens()).toEqual(['e', 'inner', 'outer', 'sub'])
    given.event('e', 'PT5M')
    expect(given.tokens()).toEqual(['b'])
    expect(given.event('b', 'PT6M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is not open before what is around it is', () => {
    const given = new Scenario(process).event('start', 'PT0S').event('stop', 'PT1M')
    expect(given.deviations()).toEqual(['skipped ask'])
    expect(given.tokens()).toEqual(['a', 'e', 'inner', 'outer', 'sub'])
  })

  it('keeps when the sub-process around it came', () => {
    const interrupted = processOf({
      elements: {
        start: message, sub: { kind: 'subProcess' }, startIn: { parent: 'sub' }, a: { parent: 'sub' }, endIn: { parent: 'sub' }, end: {},
        es: { kind: 'subProcess', triggeredByEvent: true, parent: 'sub' }, stop: started('es', message.trigger, true), tidy: { parent: 'es' }, endEs: { parent: 'es' },
        late: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, ...timer('PT2H') }, mend: {}, endMend: {},
      },
      flows: ['start > sub > end', 'startIn > a > endIn', 'stop > tidy > endEs', 'late > mend > endMend'],
    })
    const given = new Scenario(interrupted).event('start', 'PT0S').event('stop', 'PT1H')
    expect(given.instance().view.tokens.map(({ element, since }) => `${element} ${new Date(since).getUTCHours()}`)).toEqual(['tidy 1', 'es 1', 'sub 0'])
    expect(given.tokens('PT2H30S')).toEqual(['mend'])
  })
})
