/** Deadlines, as they are designed: when they count, when they are shown, what the calendar says, and who wins a race against them. */
import { describe, expect, it } from 'vitest'
import type { ProcessModel, TimerDefinition } from '../model.js'
import { processOf, Scenario, START, type ElementDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const after = (text: string, kind: TimerDefinition['kind'] = 'duration', mode: TimerDefinition['mode'] = 'self') => ({ trigger: { kind: 'timer', timer: { kind, text, mode } } }) as const
/** A task with a boundary timer that leads to another. */
const timed = (timer: ElementDraft, more: Partial<Omit<ProcessModel, 'elements' | 'flows'>> = {}, interrupting = true): ProcessModel => processOf({
  elements: { start: message, a: {}, b: {}, end: {}, tooLate: { kind: 'boundaryEvent', attachedTo: 'a', interrupting, ...timer }, late: {}, endLate: {} },
  flows: ['start > a > b > end', 'tooLate > late > endLate'], ...more,
})
const dueAt = (given: Scenario, at: string): string | undefined => {
  const due = given.deadlines(at).find(({ kind }) => kind === 'timer')?.dueAt
  return due === undefined ? undefined : new Date(due).toISOString()
}

describe('a deadline in the order of events', () => {
  it('is beaten by an event exactly at its time, and beats the one after', () => {
    const exact = new Scenario(timed(after('PT1H'))).event('start', 'PT0S').event('a', 'PT1H')
    expect([exact.tokens(), exact.deviations()]).toEqual([['b'], []])
    const later = new Scenario(timed(after('PT1H'))).event('start', 'PT0S').event('a', 'PT1H0.001S')
    expect([later.tokens(), later.deviations()]).toEqual([['b'], ['timerOverruled tooLate']])
  })

  it('fires where it was due, whenever what comes after it arrives', () => {
    const given = new Scenario(timed(after('PT1H'))).event('start', 'PT0S').event('late', 'PT2H').event('start', 'PT5H')
    expect(given.shown().map(({ view }) => [view.status, view.deviations.length])).toEqual([['completed', 0], ['active', 0]])
  })

  it('that is shown to have passed is never folded upon: an event that was on its way is read as if nothing had been said', () => {
    const given = new Scenario(timed(after('PT1H'))).event('start', 'PT0S')
    expect(given.tokens('PT2H')).toEqual(['late'])
    given.event('a', 'PT30M', { arrives: 'PT3H' })
    expect([given.tokens(), given.deviations()]).toEqual([['b'], []])
  })
})

describe('a deadline that the clock passes', () => {
  it('is shown after the grace, and until then as settling', () => {
    const given = new Scenario(timed(after('PT1H'))).event('start', 'PT0S')
    expect([given.tokens('PT59M'), given.instance('PT59M').view.settling]).toEqual([['a'], false])
    expect([given.tokens('PT1H'), given.instance('PT1H').view.settling]).toEqual([['a'], true])
    expect([given.tokens('PT1H29S'), given.instance('PT1H29S').view.settling]).toEqual([['a'], true])
    expect([given.tokens('PT1H30S'), given.instance('PT1H30S').view.settling]).toEqual([['late'], false])
  })

  it('waits no longer than the greatest grace, however long events keep arriving', () => {
    const given = new Scenario(timed(after('PT1H'))).event('start', 'PT0S')
    for (let minute = 0; minute <= 12; minute++) given.event('noted', 'PT1M', { arrives: `PT1H${minute}M` })
    expect(given.tokens('PT1H9M59S')).toEqual(['a'])
    expect(given.tokens('PT1H10M')).toEqual(['late'])
  })

  it('says when it changes next, so that somebody looks then', () => {
    const given = new Scenario(timed(after('PT1H'))).event('start', 'PT0S')
    const seen: string[] = []
    for (let at = START; seen.length < 4;) {
      const next = given.unit.view(at)[0]?.view.nextAt
      if (next === undefined) break
      seen.push(new Date(next).toISOString().slice(11, 19))
      at = next
    }
    expect(seen).toEqual(['01:00:00', '01:00:30'])
  })
})

describe('calendar arithmetic in the zone of the model', () => {
  const berlin = (timer: ElementDraft) => timed(timer, { zone: 'Europe/Berlin' })

  it.each([
    // Clocks go forward in the night to 29 March 2026, and back in the night to 25 October.
    ['P1D', 'P86DT11H', '2026-03-29T10:00:00.000Z', '23 hours in spring'],
    ['PT24H', 'P86DT11H', '2026-03-29T11:00:00.000Z', '24 hours are 24 hours'],
    ['P1D', 'P296DT10H', '2026-10-25T11:00:00.000Z', '25 hours in autumn'],
    ['P1W', 'P86DT11H', '2026-04-04T10:00:00.000Z', 'a week'],
    ['P1M', 'P30DT12H', '2026-02-28T12:00:00.000Z', 'a month after the last of January'],
    ['P1MT1H', 'P58DT12H', '2026-03-28T13:00:00.000Z', 'a month and an hour'],
    ['P1D', 'P87DT1H30M', '2026-03-30T01:30:00.000Z', 'a moment that exists on both days'],
  ])('%s after %s is %s: %s', (text, at, expected) => {
    expect(dueAt(new Scenario(berlin(after(text))).event('start', at), at)).toBe(expected)
  })

  it('of a date without a zone is that of the model, of one with a zone its own', () => {
    expect(dueAt(new Scenario(berlin(after('2026-07-01T00:00:00', 'date'))).event('start', 'PT0S'), 'PT0S')).toBe('2026-06-30T22:00:00.000Z')
    expect(dueAt(new Scenario(berlin(after('2026-07-01T00:00:00Z', 'date'))).event('start', 'PT0S'), 'PT0S')).toBe('2026-07-01T00:00:00.000Z')
  })

  it('repeats at the same time of day', () => {
    const given = new Scenario(timed(after('R3/P1D', 'cycle'), { zone: 'Europe/Berlin' }, false)).event('start', 'P86DT11H')
    const dues: (string | undefined)[] = []
    for (const at of ['P86DT12H', 'P87DT12H', 'P88DT12H', 'P89DT12H']) dues.push(dueAt(given, at))
    expect(dues).toEqual(['2026-03-29T10:00:00.000Z', '2026-03-30T10:00:00.000Z', '2026-03-31T10:00:00.000Z', undefined])
  })
})

describe('a date that lies before the token came', () => {
  it('is due at once', () => {
    const given = new Scenario(timed(after('2025-06-01T00:00:00Z', 'date'))).event('start', 'PT1H')
    expect(dueAt(given, 'PT1H')).toBe('2026-01-01T01:00:00.000Z')
    expect(given.tokens('PT1H31S')).toEqual(['late'])
  })
})

describe('a timer that another system acts on', () => {
  const watched = processOf({
    elements: { start: message, race1: {}, yes: { kind: 'intermediateCatchEvent', ...message }, reminded: { kind: 'intermediateCatchEvent', ...after('PT1H', 'duration', 'watch'), bindings: [{ event: 'reminded', phase: 'occur', from: 'name' }] }, b: {}, end: {} },
    flows: ['start > race1', 'race1 > yes > end', 'race1 > reminded > b > end'],
  })

  it('is expected by its time and late after it, and nothing moves by itself', () => {
    const given = new Scenario(watched).event('start', 'PT0S')
    expect(given.instance('PT1H').view).toMatchObject({ late: false, settling: true })
    expect(given.instance('PT1H31S').view).toMatchObject({ late: true, tokens: [{ element: 'race1' }] })
    expect(given.instance('PT1H31S').view.conditions).toMatchObject([{ kind: 'late', element: 'race1' }])
  })

  it('is over when its event comes, in time or not, which is no deviation', () => {
    for (const at of ['PT59M', 'PT3H']) {
      const given = new Scenario(watched).event('start', 'PT0S').event('reminded', at)
      expect([given.tokens(), given.deviations(), given.instance('PT9H').view.late]).toEqual([['b'], [], false])
    }
  })
})

describe('a race between an event and a timer', () => {
  const race = (mode: ProcessModel['mode'] = 'observe') => processOf({
    mode, elements: { start: message, race1: {}, paid: { kind: 'intermediateCatchEvent', ...message }, expired: { kind: 'intermediateCatchEvent', ...after('PT1H') }, cancel: mode === 'observe' ? {} : { command: { type: 'cancel' } }, endCancelled: {}, end: {} },
    flows: ['start > race1', 'race1 > paid > end', 'race1 > expired > cancel > endCancelled'],
  })

  it('is won by who was first in event time, whoever arrived first', () => {
    expect(new Scenario(race()).event('start', 'PT0S').tokens('PT2H')).toEqual(['cancel'])
    const paid = new Scenario(race()).event('start', 'PT0S').event('paid', 'PT50M', { arrives: 'PT2H' })
    expect([paid.instance('PT9H').view.status, paid.deviations()]).toEqual(['completed', []])
    const tooLate = new Scenario(race()).event('start', 'PT0S').event('paid', 'PT2H')
    expect(tooLate.deviations()).toEqual(['timerOverruled expired'])
  })

  it('that a late event wins takes back a command that has not left', () => {
    const given = new Scenario(race('manage')).event('start', 'PT0S')
    expect(given.instance('PT1H31S').commands.map(({ status }) => status)).toEqual(['scheduled'])
    given.event('paid', 'PT50M', { arrives: 'PT1H32S' })
    expect(given.instance().commands).toEqual([])
  })

  it('that a late event wins after the command has left: it is kept, and told', () => {
    const given = new Scenario(race('manage')).event('start', 'PT0S')
    const [cancel] = given.instance('PT1H31S').commands
    given.entry({ kind: 'left', type: 'commandLeft', command: cancel?.id ?? '', element: 'cancel' }, 'PT1H31S').event('paid', 'PT50M', { arrives: 'PT2H' })
    expect(given.instance().commands).toMatchObject([{ id: cancel?.id, element: 'cancel', status: 'sending', note: expect.stringContaining('not needed') }])
    expect([given.instance().view.status, given.deviations()]).toEqual(['completed', []])
  })
})

describe('what lies further back than effects may reach', () => {
  it('moves the token all the same, and sends nothing', () => {
    const process = processOf({
      mode: 'manage', effectsMaxAge: 'P1D', elements: { start: message, wait1: { kind: 'intermediateCatchEvent', ...after('PT1H') }, tell: { command: { type: 'tell' } }, a: {}, end: {} },
      flows: ['start > wait1 > tell > a > end'],
    })
    const imported = new Scenario(process).event('start', 'PT0S', { arrives: 'P30D' })
    expect(imported.tokens('P30DT1H')).toEqual(['a'])
    expect(imported.instance('P30DT1H').commands).toMatchObject([{ status: 'missed', note: expect.stringContaining('its moment had passed') }])
    const live = new Scenario(process).event('start', 'PT0S')
    expect(live.instance('PT2H').commands).toMatchObject([{ status: 'scheduled' }])
  })
})

describe('a timer belongs to a stay', () => {
  it('that is begun anew: it is armed again', () => {
    const looping = processOf({
      elements: { start: message, xor1: {}, a: {}, b: {}, xor2: { defaultFlow: 'xor2>end' }, end: {}, remind: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: false, ...after('PT1H') }, tell: { command: { type: 'tell' } }, endTold: {} },
      mode: 'manage', flows: ['start > xor1 > a > b > xor2 > end', 'xor2 > xor1 if again = true', 'remind > tell > endTold'],
    })
    const given = new Scenario(looping).event('start', 'PT0S').event('a', 'PT2H').event('b', 'PT3H', { patch: { again: true } }).event('a', 'PT6H')
    expect(new Set(given.instance('PT9H').commands.map(({ cause }) => cause)).size).toBe(2)
  })

  it('and what fired never fires again for it, whatever is folded again', () => {
    const given = new Scenario(timed(after('PT1H'), { mode: 'manage', ...withCommand() }, false)).event('start', 'PT0S')
    const [first] = given.instance('PT2H').commands
    given.entry({ kind: 'left', type: 'commandLeft', command: first?.id ?? '', element: 'late' }, 'PT2H')
    given.event('noted', 'PT30M', { arrives: 'PT3H' }).event('noted', 'PT1H30M', { arrives: 'PT4H' })
    expect(given.instance('P1D').commands.map(({ id }) => id)).toEqual([first?.id])
  })

  function withCommand(): Partial<ProcessModel> {
    const { elements } = timed(after('PT1H'), {}, false)
    return { elements: elements.map((element) => (element.id === 'late' ? { ...element, bindings: [], command: { type: 'tell' } } : element)) }
  }
})

it('a task that nothing is bound to and that carries a timer keeps the token until the timer fires or an event tells that it has gone on', () => {
  const process = processOf({
    elements: { start: message, quiet: { bindings: [] }, b: {}, end: {}, tooLate: { kind: 'boundaryEvent', attachedTo: 'quiet', interrupting: true, ...after('PT1H') }, late: {}, endLate: {} },
    flows: ['start > quiet > b > end', 'tooLate > late > endLate'],
  })
  const given = new Scenario(process).event('start', 'PT0S')
  expect([given.tokens('PT30M'), given.tokens('PT2H')]).toEqual([['quiet'], ['late']])
  expect(given.event('b', 'PT30M').instance().view.status).toBe('completed')
  expect(given.deviations()).toEqual([])
})
