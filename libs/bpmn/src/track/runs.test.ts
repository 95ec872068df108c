import { describe, expect, it } from 'vitest'
import { contextFor, factOf, processOf, Scenario, START } from '../testing/scenario.js'
import { TrackedModel } from './tracked-model.js'
import { Unit } from './unit.js'

const message = { trigger: { kind: 'message' } } as const
const sequence = processOf({ elements: { start: message, a: {}, b: {}, end: {} }, flows: ['start > a > b > end'] })

describe('the next run', () => {
  it('takes what came a little before its start, where clocks differ', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M')
      .event('a', 'PT9M59S').event('start', 'PT10M').event('b', 'PT11M')
    expect(given.shown().map(({ view }) => `${view.status} ${view.deviations.length}`)).toEqual(['completed 0', 'completed 0'])
    expect(given.shown().map(({ view }) => view.events.length)).toEqual([3, 3])
  })

  it('leaves to the run before what came earlier than that', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M').event('a', 'PT5M').event('start', 'PT10M')
    expect(given.shown().map(({ view }) => view.deviations.map((deviation) => deviation.kind))).toEqual([['repeated'], []])
  })

  it('begins where a timer has ended the one before', () => {
    const process = processOf({
      elements: {
        start: message, a: {}, end: {}, b: {},
        tooLate: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: true, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } }, endLate: {},
      },
      flows: ['start > a > b > end', 'tooLate > endLate'],
    })
    const given = new Scenario(process).event('start', 'PT0S').event('start', 'PT2H')
    expect(given.shown().map(({ view }) => `${view.status} ${view.deviations.length}`)).toEqual(['completed 0', 'active 0'])
  })

  it('has its own commands, and not those that left for the run before', () => {
    const process = processOf({ mode: 'manage', elements: { start: message, tell: { command: { type: 'tell' } }, a: {}, end: {} }, flows: ['start > tell > a > end'] })
    const given = new Scenario(process).event('start', 'PT0S')
    const [first] = given.instance('PT1M').commands
    given.entry({ kind: 'left', type: 'commandLeft', command: first?.id ?? '', element: 'tell' }, 'PT1M').event('a', 'PT2M').event('start', 'PT10M')
    expect(given.shown('PT20M').map(({ commands }) => commands.map((command) => `${command.element} ${command.status}`))).toEqual([['tell sending'], ['tell scheduled']])
  })
})

describe('an event that no version in force binds', () => {
  it('begins nothing, and is part of the history of what begins next', () => {
    const model = new TrackedModel(sequence)
    const unit = new Unit(contextFor(model), 'k')
    unit.add([factOf(sequence, 1n, 'looked', START, { patch: { who: 'ada' } })])
    expect(unit.view(START)).toEqual([])
    unit.add([factOf(sequence, 2n, 'start', START + 1000)])
    const [instance] = unit.view(START + 1000)
    expect(instance?.view).toMatchObject({ variables: { who: 'ada' }, startedAt: START + 1000 })
    expect(instance?.view.events.map((event) => event.reading)).toEqual(['fits', 'noted'])
  })

  it('may tell what a choice has waited for', () => {
    const process = processOf({
      elements: { start: message, xor1: { defaultFlow: 'xor1>b' }, a: {}, b: {}, end: {} }, flows: ['start > xor1', 'xor1 > a if amount > 100', 'xor1 > b', 'a > end', 'b > end'],
    })
    const given = new Scenario(process).event('start', 'PT0S')
    expect(given.tokens()).toEqual(['xor1'])
    expect(given.event('priced', 'PT1M', { patch: { amount: 200 } }).tokens()).toEqual(['a'])
  })
})
